-- Runs that are going or waiting to be delivered: one JSON field `run:<id>` each in the state of their schedule.
--   w worker (absent while it waits), f fence, a attempt, d delivery, n nominal ms, s claimed at ms, m missed,
--   c catch-up, k kind (o occurrence, m manual, b backfill), l own lease, r why it waits, p payload (manual only)
local function run_lease_key(name, run_id, own)
  if own then return tag .. ':run-lease:' .. run_id end
  return tag .. ':lease:' .. name
end

-- Nil for what is no run: the state may have been written by anybody.
local function read_run(text)
  local ok, run = pcall(cjson.decode, text or '')
  if not ok or type(run) ~= 'table' then return nil end
  for _, field in ipairs({ 'n', 'f', 'a', 'd', 'm' }) do
    if type(run[field]) ~= 'number' or run[field] ~= math.floor(run[field]) or math.abs(run[field]) > 1e16 then
      return nil
    end
  end
  if run.w ~= nil and (type(run.w) ~= 'string' or type(run.s) ~= 'number') then return nil end
  if type(run.k) ~= 'string' or (run.t ~= nil and type(run.t) ~= 'string') then return nil end
  if run.p ~= nil and type(run.p) ~= 'string' then return nil end
  return run
end

local function token_of(run)
  return run.w .. ':' .. string.format('%.0f', run.f)
end

-- A key of another type is nobody's lease.
local function holds_lease(key, run)
  return redis.pcall('GET', key) == token_of(run)
end

-- The schedule's lease came free: what waited for it may go now. Answers whether something can.
local function release_waiting(name, state, now)
  local woken = false
  local cleared = {}
  if state.waiting then
    for run_id in string.gmatch(state.waiting, '[^\n]+') do
      redis.call('ZADD', tag .. ':pending', now, run_id)
      woken = true
    end
    cleared[#cleared + 1] = 'waiting'
  end
  if state.blocked then
    local item = split_plan(state.plan)
    if item then
      redis.call('ZADD', tag .. ':due', 'XX', item.start, name)
      woken = true
    end
    cleared[#cleared + 1] = 'blocked'
    -- It goes on where this run ends: what came due since the first of this stretch of runs began is overlapped.
    redis.call('HSET', state_key(name), 'chain', '1')
  end
  if #cleared > 0 then redis.call('HDEL', state_key(name), unpack(cleared)) end
  return woken
end

local function leave_task(run_id, run)
  if run.t then redis.call('ZREM', tag .. ':busy:' .. run.t, run_id) end
end

-- Its worker is gone, or its lease: deliver it again, or close it as abandoned. Answers what was done.
local function abandon_run(name, run_id, run, state, definition, now, reason)
  redis.call('ZREM', tag .. ':running', run_id)
  leave_task(run_id, run)
  local free = run.l or redis.call('EXISTS', run_lease_key(name, run_id, false)) == 0
  local limit = tonumber(definition.maxDeliveries) or 3
  -- A worker that stops in good order hands its run on: that is no sign of a handler that kills its worker.
  local handed_on = reason == 'shutdown'
  local kind
  if definition.onCrash == 'rerun' and (handed_on or run.d < limit) then
    run.w = nil
    if not handed_on then run.d = run.d + 1 end
    run.r = 'rerun'
    redis.call('HSET', state_key(name), 'run:' .. run_id, cjson.encode(run))
    redis.call('ZADD', tag .. ':pending', now, run_id)
    kind = 'rerun'
  else
    if definition.onCrash == 'rerun' then reason = 'max-deliveries' end
    record(name, { at = run.n, outcome = 'abandoned', reason = reason, run = run_id, worker = run.w, attempt = run.a,
      fence = run.f, started = run.s, missed = run.m })
    redis.call('HDEL', state_key(name), 'run:' .. run_id)
    count_up(name, 'failures', 1)
    kind = 'abandoned'
  end
  if free then release_waiting(name, state, now) end
  return kind
end
