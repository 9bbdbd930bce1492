-- Settlements of all runs but a first start of an occurrence that has ended as ok.
-- Needs: running, worker_id, now, counts, COMPACT_BYTES; settle-runs/end-run, lib/abandon-run, lib/backfill, lib/history,
--   lib/keys, lib/minutes, lib/numbers, lib/runs, lib/schedule, lib/settle-waiting, lib/task-queues
-- Sets: woken
-- Entries of a history that one reading gets, and the largest setback of Redis's clock since a claim, ms.
local LOOK_COUNT = 100
local CLOCK_MARGIN_MS = 60000
-- The history entries of runs that this call has read, by the name of the schedule.
local looked = {}

local function look_further(name, look)
  local entries = redis.pcall('XREVRANGE', history_key(name), look.from, '-', 'COUNT', LOOK_COUNT)
  if entries.err then entries = {} end
  for _, entry in ipairs(entries) do
    local fields = to_map(entry[2])
    local run_id, fence = run_and_fence(name, fields)
    local key = run_id .. '\0' .. (fence or '')
    look.outcomes[key] = look.outcomes[key] or fields.outcome
  end
  if #entries < LOOK_COUNT then look.is_complete = true else look.from = entries[#entries][1] end
end

-- The recorded outcome of a run, or nil: the reply to the same call may have been lost before. The fence of a run is
-- about the time of its claim, and its entry is newer, so older entries are not read.
local function recorded_outcome(name, run_id, fence)
  local look = looked[name] or { outcomes = {}, from = '+' }
  looked[name] = look
  local key = run_id .. '\0' .. fence
  local oldest = tonumber(fence) - CLOCK_MARGIN_MS
  while not look.outcomes[key] and not look.is_complete do
    if (tonumber(string.match(look.from, '^%d+')) or math.huge) < oldest then return nil end
    look_further(name, look)
  end
  return look.outcomes[key]
end

-- Whether a run that is recorded as ok ended failures of its schedule, by the history: the state has forgotten them.
local function ended_failures(name, run_id, fence)
  local is_found = false
  for _, entry in ipairs(redis.pcall('XREVRANGE', history_key(name), '+', '-', 'COUNT', LOOK_COUNT)) do
    local fields = to_map(entry[2])
    local found_id, found_fence = run_and_fence(name, fields)
    if found_id == run_id and found_fence == fence then
      is_found = true
    elseif is_found and (fields.outcome == 'failed' or fields.outcome == 'abandoned') then
      return true
    elseif is_found and fields.outcome == 'ok' then
      return false
    end
  end
  return false
end

local function deliver_later(name, run_id, run, delay)
  store_run(name, run_id, run)
  redis.call('ZADD', pending_key(), now + delay, run_id)
  woken = true
end

local function retry_later(name, run_id, run, delay)
  run.worker, run.waits_for, run.attempt = nil, 'retry', run.attempt + 1
  deliver_later(name, run_id, run, delay)
  return 'retrying'
end

-- Returns a run that has not started, so its next delivery is still the first one.
local function return_run(name, run_id, run, delay)
  run.worker, run.waits_for = nil, 'returned'
  deliver_later(name, run_id, run, math.max(0, delay))
  return 'returned'
end

local function release(name, waiting, blocked)
  local plan = redis.call('HGET', state_key(name), 'plan') or nil
  if release_waiting(name, { waiting = waiting or nil, blocked = blocked or nil, plan = plan }, now) then woken = true end
end

-- Frees the lease that a run still holds after its schedule was removed or Redis lost its dataset. A new schedule of
-- the same name may wait for it.
local function free_held_lease(name, run_id, fence)
  for _, lease in ipairs({ run_lease_key(run_id), lease_key(name) }) do
    if redis.pcall('GET', lease) == worker_id .. ':' .. fence then
      redis.call('DEL', lease)
      woken = true
    end
  end
  local values = woken and redis.pcall('HMGET', state_key(name), 'waiting', 'blocked') or {}
  if values[1] or values[2] then release(name, values[1], values[2]) end
end

local function forget_run(run_id, fence)
  redis.call('ZREM', running, run_id)
  for _, queue in ipairs(read_queues()) do leave_task(run_id, { task = task_of(queue), fence = tonumber(fence) }) end
  return 'forgotten'
end

-- Answers a settlement of a run that this worker does not hold by the state: the same call was executed before, or
-- another worker has the run.
local function answer_unheld(name, run_id, fence, outcome, run)
  if run and not run.worker and text_of(run.fence) == fence then
    if run.waits_for == 'retry' then return 'retrying' end
    if run.waits_for == 'returned' and outcome == 'returned' or run.waits_for == 'rerun' and outcome == 'abandoned' then
      return run.waits_for
    end
  end
  local recorded = recorded_outcome(name, run_id, fence)
  if recorded == 'abandoned' then return 'abandoned' end
  if recorded == 'ok' and outcome == 'ok' and ended_failures(name, run_id, fence) then return 'recovered' end
  if recorded == outcome or recorded == 'cancelled' then return 'settled' end
  free_held_lease(name, run_id, fence)
  return run and 'lost' or forget_run(run_id, fence)
end

local function abandon(name, run_id, run, reason)
  -- The lease is freed first, because waiting work depends on it.
  free_leases()
  woken = true
  return abandon_run(name, run_id, run, read_state(name), read_definition(name) or {}, now, reason)
end

local function settle_without_lease(name, run_id, run, outcome, retry)
  if outcome ~= 'returned' then return abandon(name, run_id, run, 'lease-lost') end
  redis.call('ZREM', running, run_id)
  leave_task(run_id, run)
  return return_run(name, run_id, run, retry)
end

-- Counts a failure in a row, which may pause the schedule.
local function count_failure(name, pause_after)
  return count_outcome(name, { paused = redis.call('HGET', state_key(name), 'paused') or nil }, 'failed', pause_after, now)
end

local function end_backfill(name, run)
  feed_backfill(name, now, 1, run.fence == 0)
  woken = true
end

-- Handles an outcome that leaves the run for another attempt or delivery, or abandons it; nil if the run has ended.
local function continue_run(name, run_id, run, outcome, retry, reason)
  if outcome == 'returned' then return return_run(name, run_id, run, retry) end
  if retry >= 0 then return retry_later(name, run_id, run, retry) end
  if outcome == 'abandoned' then return abandon(name, run_id, run, reason) end
  return nil
end

-- Removes the run from the state, and the note that it held the lease of its schedule, so that the state stays small.
-- If a lease blocks an instant, the next run continues from the start of this one.
local function clear_run(name, run_id, recovers, holds_lease)
  local fields = { 'run:' .. run_id }
  if recovers then fields[2] = 'failures' end
  if holds_lease then fields[#fields + 1], fields[#fields + 2] = 'holder', 'started' end
  redis.call('HDEL', state_key(name), unpack(fields))
end

-- Records the end of a run. Returns `recovered` if it is ok after failures of its schedule, else `settled`.
local function record_end(name, run_id, run, fence, outcome, reason, duration, lateness, result, failure, look, field)
  local recovers = outcome == 'ok' and look[4]
  add_entry(name, entry_of(name, text_of(run.nominal), outcome, reason, run_id, worker_id, text_of(run.attempt), fence,
    text_of(run.claimed_at), duration, lateness, result or '', failure or '', text_of(run.missed), '1', ''))
  if field then counts[field] = (counts[field] or 0) + 1 else count_end(outcome, lateness, duration, 1) end
  clear_run(name, run_id, recovers, not (run.own_lease or look[3]))
  if run.kind == 'backfill' then end_backfill(name, run) end
  return recovers and 'recovered' or 'settled'
end

-- Makes a state compact. A name of 47 bytes makes the field of its run too long for a compact hash, and Redis never
-- makes a hash compact again. A copy is compact, and replaces the state in one command.
local function shrink_state(name)
  local flat = redis.call('HGETALL', state_key(name))
  if #flat == 0 then return end
  for _, text in ipairs(flat) do
    if #text > COMPACT_BYTES then return end
  end
  -- No schedule has an empty name.
  local copy = state_key('')
  redis.call('DEL', copy)
  redis.call('HSET', copy, unpack(flat))
  -- If the user may not call this command, the state keeps its larger form.
  if redis.pcall('RENAME', copy, state_key(name)).err then redis.call('DEL', copy) end
end
