-- Runs that are going or waiting to be delivered: one field `run:<id>` each in the state of their schedule, JSON:
--   w worker (absent while it waits), f fence, a attempt, d delivery, n nominal ms, s claimed at ms, m missed,
--   c catch-up, k kind (o occurrence, m manual, b backfill), l own lease, r why it waits, p payload (manual only),
--   t task whose fleet-wide limit it counts for, x somebody cancelled it while it went
local function run_lease_key(name, run_id, own)
  if own then return tag .. ':run-lease:' .. run_id end
  return tag .. ':lease:' .. name
end

-- Nearly every run that goes is the first start of an occurrence: `<n> <f> <s> <w>`. With JSON in it, whose length is
-- beyond what Redis keeps compact, the state of every schedule would take more memory and time.
local PLAIN_RUN = '^(%d+) (%d+) (%d+) ([%w%-]+)$'

local function is_plain(run)
  return run.w and run.k == 'o' and run.a == 1 and run.d == 1 and run.m == 0 and run.n >= 0 and run.f < 1e15 and
    not (run.c or run.l or run.r or run.p or run.t or run.x) and not string.find(run.w, '[^%w%-]')
end

local function write_run(run)
  if not is_plain(run) then return cjson.encode(run) end
  return text_of(run.n) .. ' ' .. text_of(run.f) .. ' ' .. text_of(run.s) .. ' ' .. run.w
end

-- What is in the text of a first start: nominal, fence, claimed at, worker. Nothing for any other text.
local function split_run(text)
  local nominal, fence, started, holder = string.match(text or '', PLAIN_RUN)
  if nominal and #nominal < 16 and #fence < 16 and #started < 16 then return nominal, fence, started, holder end
end

-- Nil for what is no run: the state may have been written by anybody.
local function read_run(text)
  local nominal, fence, started, holder = split_run(text)
  if nominal then
    return { n = number_of(nominal), f = number_of(fence), a = 1, d = 1, m = 0, k = 'o', w = holder,
      s = number_of(started) }
  end
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
  return run.w .. ':' .. text_of(run.f)
end

-- A key of another type is nobody's lease.
local function holds_lease(key, run)
  return redis.pcall('GET', key) == token_of(run)
end

-- The schedule's lease came free: what waited for it may go now. Answers whether something can.
local function release_waiting(name, state, now)
  if not state.waiting and not state.blocked then return false end
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

local freed_tasks = {}

local function leave_task(run_id, run)
  if not run.t then return end
  redis.call('ZREM', busy_key(run.t), busy_member(run_id, run.f))
  freed_tasks[run.t] = true
  run.t = nil
end

-- Tells whoever has a task whose limit left others waiting in their lane.
local function announce_freed()
  if next(freed_tasks) == nil then return end
  for _, lane in ipairs(redis.call('SMEMBERS', tag .. ':lanes')) do
    if freed_tasks[task_of(lane)] then redis.call('PUBLISH', channel, 'lane ' .. lane) end
  end
end

local function pause_after_failures(name, state, now, failures)
  local note = 'paused after ' .. failures .. ' failures in a row'
  state.paused = cjson.encode({ at = now, note = note })
  redis.call('HSET', state_key(name), 'paused', state.paused)
  redis.call('ZREM', tag .. ':due', name)
  redis.call('PUBLISH', channel, 'changed ' .. name)
end

-- Counts failures in a row. Answers whether the schedule was paused for it.
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

-- Its worker is gone, or its lease: deliver it again, or close it as abandoned. Answers what was done.
local function abandon_run(name, run_id, run, state, definition, now, reason)
  redis.call('ZREM', tag .. ':running', run_id)
  leave_task(run_id, run)
  local free = run.l or redis.call('EXISTS', run_lease_key(name, run_id, false)) == 0
  local limit = tonumber(definition.maxDeliveries) or 3
  -- A worker that stops in good order hands its run on: that is no sign of a handler that kills its worker.
  local handed_on = reason == 'shutdown'
  -- Started by a claim that Redis has forgotten: whatever became of that, it must not start again.
  local elsewhere = reason == 'started-elsewhere'
  local kind
  if not run.x and not elsewhere and definition.onCrash == 'rerun' and (handed_on or run.d < limit) then
    run.w = nil
    if not handed_on then run.d = run.d + 1 end
    run.r = 'rerun'
    redis.call('HSET', state_key(name), 'run:' .. run_id, write_run(run))
    redis.call('ZADD', tag .. ':pending', now, run_id)
    kind = 'rerun'
  else
    local outcome = run.x and 'cancelled' or 'abandoned'
    if run.x then
      reason = 'cancelled'
    elseif definition.onCrash == 'rerun' and not elsewhere then
      reason = 'max-deliveries'
    end
    record(name, { at = run.n, outcome = outcome, reason = reason, run = run_id, worker = run.w, attempt = run.a,
      fence = run.f, started = run.s and text_of(run.s), missed = run.m })
    close_run(name, run_id, run, now)
    if not run.x and not handed_on and not elsewhere then count_outcome(name, state, 'failed', tonumber(definition.pauseAfter) or 0, now) end
    kind = 'abandoned'
  end
  if free then release_waiting(name, state, now) end
  return kind
end
