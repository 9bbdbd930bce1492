-- The effects of the end of a run: waiting work may start, the task has a free slot, failures are counted.
-- Needs: lib/inactive, lib/keys, lib/note-pause, lib/notify, lib/plan, lib/schedule, lib/task-queues
local function instant_of(run_id) return tonumber(string.match(run_id, '@(%-?%d+)[#%d]*$')) or math.huge end

-- Lets the work that waited for the lease of a schedule start. Returns whether any can start. The earliest work starts
-- first: while a retry or a rerun waits, later instants of the plan stay blocked. Otherwise a schedule that has more to
-- catch up than it can run would never come to the retry.
local function release_waiting(name, state, now)
  if not state.waiting and not state.blocked then return false end
  local item = state.blocked and split_plan(state.plan) or nil
  local is_earlier = false
  if state.waiting then
    for run_id in string.gmatch(state.waiting, '[^\n]+') do
      redis.call('ZADD', pending_key(), now, run_id)
      is_earlier = is_earlier or item ~= nil and instant_of(run_id) < item.nominal
    end
    redis.call('HDEL', state_key(name), 'waiting')
  end
  if state.blocked then
    -- The next claim continues the chain of this run: occurrences that became due since the first run of the chain
    -- started are overlapped.
    redis.call('HSET', state_key(name), 'chain', '1')
    if not is_earlier then
      redis.call('HDEL', state_key(name), 'blocked')
      if item then redis.call('ZADD', due_key(), 'XX', item.start, name) end
    end
  end
  return state.waiting ~= nil or item ~= nil
end

local freed_tasks = {}

local function leave_task(run_id, run)
  if not run.task then return end
  redis.call('ZREM', busy_key(run.task), busy_member(run_id, run.fence))
  freed_tasks[run.task] = true
  run.task = nil
end

-- Announces parked work of a task with a free slot.
local function announce_freed()
  if next(freed_tasks) == nil then return end
  for _, queue in ipairs(read_queues()) do
    if freed_tasks[task_of(queue)] then notify_parked(queue) end
  end
end

local function pause_after_failures(name, state, now, failures)
  local note = 'paused after ' .. failures .. ' failures in a row'
  state.paused = cjson.encode({ at = now, note = note })
  redis.call('HSET', state_key(name), 'paused', state.paused)
  note_inactive(name, PAUSED)
  note_pause(name, now, nil, state.paused, 'everybeat', 'api')
  redis.call('ZREM', due_key(), name)
  notify_changed(name)
end

-- Counts failures in a row. Returns whether they paused the schedule.
local function count_outcome(name, state, outcome, pause_after, now)
  if outcome == 'failed' then
    local failures = count_up(name, 'failures', 1)
    if pause_after > 0 and failures >= pause_after and not state.paused then
      pause_after_failures(name, state, now, failures)
      return true
    end
  elseif outcome == 'ok' and state.failures then
    redis.call('HDEL', state_key(name), 'failures')
  end
  return false
end
