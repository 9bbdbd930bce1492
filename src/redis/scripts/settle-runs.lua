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

-- What a settlement needs of the schedule, and its run; nothing where the state is none.
local function look_at(name, run_id)
  local values = redis.pcall('HMGET', state_key(name), 'run:' .. run_id, 'failures', 'waiting', 'blocked', 'paused', 'plan')
  if values.err then return nil end
  return { failures = values[2] or nil, waiting = values[3] or nil, blocked = values[4] or nil, paused = values[5] or nil,
    plan = values[6] or nil }, read_run(values[1])
end

-- Ended well, and there is no more to say than its result.
local function is_plain_end(position)
  local count = groups[position]
  if groups[position + 4] ~= 'ok' then return false end
  if count ~= '14' then return count == '6' or count == '9' end
  return groups[position + 10] == '' and groups[position + 12] == '' and groups[position + 13] == '-1'
end

-- Nearly all runs end so: they are looked at before anything is settled, and one command reads the leases of all. Of each
-- schedule the first run only, since it may change what the others find.
local looks, tokens = {}, {}

local function look_at_plain_ends()
  local seen, leases = {}, {}
  local position = 1
  while position <= #groups do
    local name = groups[position + 1]
    if not seen[name] and is_plain_end(position) then
      local look = redis.pcall('HMGET', state_key(name), 'run:' .. groups[position + 2], 'waiting', 'blocked')
      if look[1] then
        leases[#leases + 1] = run_lease_key(name)
        look[4] = #leases
        looks[position] = look
      end
    end
    seen[name] = true
    position = position + 1 + tonumber(groups[position])
  end
  -- A key of another type is nobody's lease: it comes as if it were not there.
  if #leases > 0 then tokens = redis.call('MGET', unpack(leases)) end
end

-- What is over is given up in one command for many.
local given_up, over = {}, {}

local function give_up(name, run_id, run)
  given_up[#given_up + 1] = run_lease_key(name, run_id, run.l)
  over[#over + 1] = run_id
end

local function give_up_all()
  if #given_up == 0 then return end
  redis.call('DEL', unpack(given_up))
  redis.call('ZREM', running, unpack(over))
  given_up, over = {}, {}
end

-- Adds instants to the plan, if it still stands where they follow. Answers the plan then.
local function refill_plan(name, digest, reached, more)
  if not more or more == '' then return nil end
  local values = redis.call('HMGET', state_key(name), 'digest', 'paused', 'plan', 'last')
  local state = { digest = values[1] or nil, paused = values[2] or nil, plan = values[3] or nil, last = values[4] or nil }
  local plan = extend_plan(state, digest, reached, more)
  if not plan then return nil end
  redis.call('HSET', state_key(name), 'plan', plan)
  if state.plan == '' then
    redis.call('ZADD', tag .. ':due', split_plan(plan) and split_plan(plan).start or now, name)
    woken = true
  end
  return plan
end

-- The first start of an occurrence that ended well while nobody waited for it: what its state says of it goes into the
-- ledger as it is. Answers whether it was one; if not, nothing was done.
local function settle_plain_end(position, look)
  local name, run_id, fence, _, duration, lateness, digest, reached, more, _, result =
    unpack(groups, position + 1, position + groups[position])
  local nominal, given, started, holder = split_run(look[1])
  if holder ~= worker_id or given ~= fence or tokens[look[4]] ~= worker_id .. ':' .. fence then return false end
  if look[2] or look[3] then return false end
  add_entry(name, entry_of(nominal, 'ok', '', run_id, worker_id, '1', fence, started, duration, lateness, result or '', '',
    '0', '1', ''))
  redis.call('HDEL', state_key(name), 'run:' .. run_id, 'failures')
  refill_plan(name, digest, reached, more)
  given_up[#given_up + 1] = run_lease_key(name)
  over[#over + 1] = run_id
  return true
end

local function settle(position, last)
  if looks[position] and settle_plain_end(position, looks[position]) then return 'settled' end
  local name, run_id, fence, outcome, duration, lateness, digest, reached, more, reason, result, failure, retry, pause_after =
    unpack(groups, position + 1, last)
  reason, retry, pause_after = reason or '', tonumber(retry) or -1, tonumber(pause_after) or 0
  local state, run = look_at(name, run_id)
  if not state then return 'forgotten' end
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
  if not holds_lease(run_lease_key(name, run_id, run.l), run) then
    if outcome == 'returned' then
      redis.call('ZREM', running, run_id)
      leave_task(run_id, run)
      return return_run(name, run_id, run, retry)
    end
    -- Whether the lease of the schedule is free counts there.
    give_up_all()
    local definition = read_definition(name) or {}
    woken = true
    return abandon_run(name, run_id, run, state, definition, now, 'lease-lost')
  end
  leave_task(run_id, run)
  if run.x and outcome ~= 'ok' then outcome, reason, retry = 'cancelled', 'cancelled', -1 end
  local answer = 'settled'
  if outcome == 'returned' then
    answer = return_run(name, run_id, run, retry)
  elseif retry >= 0 then
    retry_later(name, run_id, run, retry)
    answer = 'retrying'
  elseif outcome == 'abandoned' then
    give_up(name, run_id, run)
    give_up_all()
    local definition = read_definition(name) or {}
    answer = abandon_run(name, run_id, run, state, definition, now, reason)
    woken = true
  else
    add_entry(name, entry_of(text_of(run.n), outcome, reason, run_id, worker_id, text_of(run.a), fence, text_of(run.s),
      duration, lateness, result or '', failure or '', text_of(run.m), '1', ''))
    close_run(name, run_id, run, now)
    if run.k == 'b' then woken = true end
    if count_outcome(name, state, outcome, pause_after, now) then answer = 'paused' end
  end
  state.plan = refill_plan(name, digest, reached, more) or state.plan
  if (not run.l or state.blocked) and release_waiting(name, state, now) then woken = true end
  if outcome ~= 'abandoned' then give_up(name, run_id, run) end
  return answer
end

look_at_plain_ends()
local reply = { now }
local position = 1
while position <= #groups do
  local last = position + tonumber(groups[position])
  local done, answer = pcall(settle, position, last)
  if not done then
    -- Those before it are recorded: when the call comes again nobody looks at their leases.
    give_up_all()
    error(answer, 0)
  end
  reply[#reply + 1] = answer
  position = last + 1
end
give_up_all()
announce_freed()
if woken then announce_head() end
return reply
