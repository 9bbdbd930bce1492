-- Settlements other than that of a run which ended: lost, repeated, tried again, returned, abandoned.
-- Needs: running, worker_id, now, COMPACT_BYTES; settle-runs/end-run, lib/abandon-run, lib/backfill, lib/history, lib/keys,
--   lib/numbers, lib/runs, lib/schedule, lib/settle-waiting, lib/task-queues
-- Sets: woken
-- How many entries of a history one look reads, and how far Redis's clock may have gone back since a claim, ms.
local LOOK_COUNT = 100
local CLOCK_MARGIN_MS = 60000
-- What the histories say of runs, by the name of the schedule, as far as they were read in this call.
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

-- The reply to an earlier delivery of this very call may have been lost: what the history says of the run, or nil. The
-- fence of a run is about the moment of its claim, and its entry came later: older entries are not read.
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

-- Nothing of the run has begun: its next delivery is still the first one.
local function return_run(name, run_id, run, delay)
  run.worker, run.waits_for = nil, 'returned'
  deliver_later(name, run_id, run, math.max(0, delay))
  return 'returned'
end

local function release(name, waiting, blocked)
  local plan = redis.call('HGET', state_key(name), 'plan') or nil
  if release_waiting(name, { waiting = waiting or nil, blocked = blocked or nil, plan = plan }, now) then woken = true end
end

-- The schedule was removed while its run was running, or Redis lost its dataset: the lease that the run still holds is
-- freed. A new schedule of the same name may wait for it.
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

-- The state does not say that this worker runs the run: whether this very call was done before, or another one has it.
local function answer_unheld(name, run_id, fence, outcome, run)
  if run and not run.worker and text_of(run.fence) == fence then
    if run.waits_for == 'retry' then return 'retrying' end
    if run.waits_for == 'returned' and outcome == 'returned' or run.waits_for == 'rerun' and outcome == 'abandoned' then
      return run.waits_for
    end
  end
  local recorded = recorded_outcome(name, run_id, fence)
  if recorded == 'abandoned' then return 'abandoned' end
  if recorded == outcome or recorded == 'cancelled' then return 'settled' end
  free_held_lease(name, run_id, fence)
  return run and 'lost' or forget_run(run_id, fence)
end

local function abandon(name, run_id, run, reason)
  -- Whether the schedule's lease is free counts for what waits for it.
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

-- A failure in a row, a backfilled run, what waited for the lease: what the end of a run may bring beside its record.
local function count_failure(name, pause_after)
  return count_outcome(name, { paused = redis.call('HGET', state_key(name), 'paused') or nil }, 'failed', pause_after, now)
end

local function end_backfill(name, run)
  feed_backfill(name, now, 1, run.fence == 0)
  woken = true
end

-- A name of 47 bytes makes the field of its run too long for a compact hash, and Redis never makes a hash compact again. A
-- copy is compact, and takes the place of the state in one command.
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
  -- A user without this command keeps the larger form.
  if redis.pcall('RENAME', copy, state_key(name)).err then redis.call('DEL', copy) end
end
