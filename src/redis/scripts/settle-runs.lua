-- Records what became of runs of this worker and gives up their leases, many runs in one call.
--
-- Guarantee: a run is settled once, and only by the holder of its current lease token; the record in the ledger, the
-- counters, the release, the wake of what waited and the refilled plan are one step. A repeated call changes nothing.
--
-- KEYS
--   running      zset, run id → lease deadline, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of a new head
--   worker_id    text
--   groups       text…, one a run: how many values follow; name, run id, fence, outcome (ok, failed, cancelled, abandoned,
--                returned), duration ms, lateness ms; digest, plan reached (nominal), instants to add ('' none); reason,
--                result JSON, error, retry delay ms (-1 none), failures in a row that pause (0 never). The last ones may
--                be left out
-- REPLY
--   [now ms, outcomes…]: `settled`, `retrying`, `paused` (settled, and the schedule paused), `rerun` or `abandoned` (its
--   lease was gone, or the worker gave it up), `returned` (it was never started, and is delivered again), `lost`
--   (somebody else has it), `forgotten` (the schedule or run is gone)
local running = unpack(KEYS)
local tag, channel, worker_id = unpack(ARGV, 1, 3)
local groups = { unpack(ARGV, 4) }
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/ledger.lua
-- @include lib/backfill.lua
-- @include lib/runs.lua
-- @include lib/head.lua

local now = read_now()
local woken = false

-- The reply of an earlier delivery of this very call may have been lost: what the ledger says of the run, or nil.
local function recorded_outcome(name, run_id, fence)
  local entries = redis.pcall('XREVRANGE', history_key(name), '+', '-', 'COUNT', 20)
  if entries.err then return nil end
  for _, entry in ipairs(entries) do
    local fields = to_map(entry[2])
    if fields.run == run_id and fields.fence == fence then return fields.outcome end
  end
  return nil
end

local function retry_later(name, run_id, run, delay)
  run.w, run.r, run.a = nil, 'retry', run.a + 1
  redis.call('HSET', state_key(name), 'run:' .. run_id, write_run(run))
  redis.call('ZADD', tag .. ':pending', now + delay, run_id)
  woken = true
end

-- Nothing of it has begun: the next delivery is the first one still.
local function return_run(name, run_id, run, delay)
  run.w, run.r = nil, 'returned'
  redis.call('HSET', state_key(name), 'run:' .. run_id, write_run(run))
  redis.call('ZADD', tag .. ':pending', now + math.max(0, delay), run_id)
  woken = true
  return 'returned'
end

-- The schedule was removed while its run went, or Redis lost its memory: what the run still holds is given back.
local function forget_run(name, run_id, fence)
  for _, lease in ipairs({ run_lease_key(name, run_id, true), run_lease_key(name, run_id, false) }) do
    if redis.pcall('GET', lease) == worker_id .. ':' .. fence then
      redis.call('DEL', lease)
      woken = true
    end
  end
  redis.call('ZREM', running, run_id)
  for _, lane in ipairs(redis.call('SMEMBERS', tag .. ':lanes')) do
    leave_task(run_id, { t = task_of(lane), f = tonumber(fence) })
  end
  return 'forgotten'
end

local function settle(first, last)
  local name, run_id, fence, outcome, duration, lateness, digest, reached, more, reason, result, failure, retry, pause_after =
    unpack(groups, first, last)
  reason, retry, pause_after = reason or '', tonumber(retry) or -1, tonumber(pause_after) or 0
  local field = 'run:' .. run_id
  local values = redis.pcall('HMGET', state_key(name), field, 'digest', 'plan', 'last', 'paused', 'failures', 'waiting',
    'blocked')
  if values.err then return 'forgotten' end
  local state = { digest = values[2] or nil, plan = values[3] or nil, last = values[4] or nil,
    paused = values[5] or nil, failures = values[6] or nil, waiting = values[7] or nil, blocked = values[8] or nil }
  local run = read_run(values[1])
  if not run or run.w ~= worker_id or text_of(run.f) ~= fence then
    if run and not run.w and text_of(run.f) == fence then
      if run.r == 'retry' then return 'retrying' end
      if run.r == 'returned' and outcome == 'returned' or run.r == 'rerun' and outcome == 'abandoned' then return run.r end
    end
    local recorded = recorded_outcome(name, run_id, fence)
    if recorded == 'abandoned' then return 'abandoned' end
    if recorded == outcome or recorded == 'cancelled' then return 'settled' end
    return run and 'lost' or forget_run(name, run_id, fence)
  end
  local lease = run_lease_key(name, run_id, run.l)
  if not holds_lease(lease, run) then
    if outcome == 'returned' then
      redis.call('ZREM', running, run_id)
      leave_task(run_id, run)
      return return_run(name, run_id, run, retry)
    end
    local definition = read_definition(name) or {}
    woken = true
    return abandon_run(name, run_id, run, state, definition, now, 'lease-lost')
  end
  redis.call('DEL', lease)
  redis.call('ZREM', running, run_id)
  leave_task(run_id, run)
  if run.x and outcome ~= 'ok' then outcome, reason, retry = 'cancelled', 'cancelled', -1 end
  local answer = 'settled'
  if outcome == 'returned' then
    answer = return_run(name, run_id, run, retry)
  elseif retry >= 0 then
    retry_later(name, run_id, run, retry)
    answer = 'retrying'
  elseif outcome == 'abandoned' then
    local definition = read_definition(name) or {}
    answer = abandon_run(name, run_id, run, state, definition, now, reason)
    woken = true
  else
    record(name, { at = run.n, outcome = outcome, reason = reason, run = run_id, worker = worker_id, attempt = run.a,
      fence = run.f, started = text_of(run.s), duration = duration, lateness = lateness, result = result,
      error = failure, missed = run.m })
    close_run(name, run_id, run, now)
    if run.k == 'b' then woken = true end
    if count_outcome(name, state, outcome, pause_after, now) then answer = 'paused' end
  end
  local plan = more and more ~= '' and extend_plan(state, digest, reached, more)
  if plan then
    redis.call('HSET', state_key(name), 'plan', plan)
    if state.plan == '' and not state.blocked then
      redis.call('ZADD', tag .. ':due', split_plan(plan) and split_plan(plan).start or now, name)
      woken = true
    end
    state.plan = plan
  end
  if (not run.l or state.blocked) and release_waiting(name, state, now) then woken = true end
  return answer
end

local reply = { now }
local position = 1
while position <= #groups do
  local last = position + tonumber(groups[position])
  reply[#reply + 1] = settle(position + 1, last)
  position = last + 1
end
announce_freed()
if woken then announce_head() end
return reply
