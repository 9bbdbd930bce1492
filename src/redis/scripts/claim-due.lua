-- Claims what is due for this worker, up to its free slots, in one atomic step.
--
-- Guarantee: an occurrence is handed to one claim only: its instant is moved past, its lease set, its fence grown and
-- its run noted in the same step, and only when the definition is still the text that was checked and planned. The
-- same request id gets the same runs again.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
--   pending      zset, run id → when to deliver it, epoch ms
--   running      zset, run id → lease deadline, epoch ms
--   worker       hash, the record of this worker
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of a new head
--   request      text, id of this request
--   worker_id    text
--   slots        count, most runs to hand out
--   share        count, most occurrences to take while others of the fleet may take theirs
--   lease_ms     ms, TTL of a lease
--   ahead        ms, how early an occurrence may be claimed; the worker holds its start back until its instant
--   expected     epoch ms, when this worker believed the next occurrence to be due, -1 when it believed nothing
--   lanes        text…, groups of 3: `pool\ntask` this worker runs, the fleet-wide limit of that task (0 none), and how
--                many runs of it this worker has room for
-- REPLY
--   [now µs, head ms or -1, count at the head, runs, handed back, skipped, 0/1 whether to tell the fleet of the head]
--   runs, groups of 5: name; `nominal start fence 0/1 digest`, where 1 is a plan that goes on by a period; plan left;
--         definition; rest: '' for the first start of an occurrence on time, else JSON [run id, attempt, delivery, missed,
--         catch-up 0/1, kind, own lease 0/1, lease left ms, payload or '']
--   definition: how many values follow, its fields and their values in the order of the fields; apart by NUL
--   handed back: [name, why, digest, state fields, definition fields]
--   skipped: [name, nominal, reason]
local due, pending, running, worker = unpack(KEYS)
local tag, channel, request, worker_id, slots, share, lease_ms, ahead, expected = unpack(ARGV, 1, 9)
local lanes = { unpack(ARGV, 10) }
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/ledger.lua
-- @include lib/backfill.lua
-- @include lib/runs.lua
-- @include lib/head.lua

local DEFAULT_GRACE_MS = 60000
-- For as long the one who was handed a schedule may plan it before somebody else is asked.
local PLANNING_MS = 1000
local SCAN_COUNT = 500

slots, share, lease_ms = tonumber(slots), tonumber(share), tonumber(lease_ms)
local now, now_us = read_now()
local horizon = now + ahead
local deadline = text_of(now + lease_ms)
local lease_ttl, now_text = text_of(lease_ms), text_of(now)
local mine, rooms = {}, {}
for i = 1, #lanes, 3 do
  mine[lanes[i]], rooms[lanes[i]] = tonumber(lanes[i + 1]), tonumber(lanes[i + 2])
end
local runs, handed, skipped, won = {}, {}, {}, {}
local run_count, moved, set_aside_lanes = 0, false, {}

local function add_reply(name, outline, plan, text, rest)
  local at = run_count * 5
  runs[at + 1], runs[at + 2], runs[at + 3], runs[at + 4], runs[at + 5] = name, outline, plan, text, rest
  run_count = run_count + 1
end

local function reply_run(name, run_id, run, lease_left, state, plan, digest, text, start)
  local rest = ''
  if lease_left ~= lease_ms or not is_plain(run) then
    rest = cjson.encode({ run_id, run.a, run.d, run.m, run.c and 1 or 0, run.k, run.l and 1 or 0, lease_left, run.p or '' })
  end
  local outline = { text_of(run.n), text_of(start), text_of(run.f), state.period and '1' or '0', digest }
  add_reply(name, table.concat(outline, ' '), plan, text, rest)
end

local function hand_back(name, why, digest, state_flat, flat)
  handed[#handed + 1] = { name, why, digest or '', state_flat, flat or {} }
  redis.call('ZADD', due, 'XX', now + PLANNING_MS, name)
end

-- @include lib/lanes.lua

-- @include lib/start.lua
-- @include lib/instant.lua
-- @include lib/overlap.lua
-- @include lib/plain-claim.lua

local function live_runs(state)
  local count = 0
  for field, text in pairs(state) do
    local run = string.sub(field, 1, 4) == 'run:' and read_run(text)
    if run and run.w then count = count + 1 end
  end
  return count
end

-- Why a schedule that came up cannot be claimed as it stands, or nil.
local function needs_planning(state, item, digest)
  if state.digest ~= digest then return 'changed' end
  if state.paused then return 'paused' end
  if not item then return state.plan == '.' and 'finished' or 'spent' end
  if item.nominal <= (integer_of(state.last) or -math.huge) then return 'behind' end
  if not item.catch_up and now - item.start > (integer_of(state.grace) or DEFAULT_GRACE_MS) then return 'late' end
  return nil
end

-- What nearly every claim needs of a state, without the rest of it.
local function read_outline(name)
  local values = redis.pcall('HMGET', state_key(name), 'digest', 'plan', 'last', 'seen', 'fence', 'period', 'paused',
    'grace', 'chain')
  if values.err then return read_state(name) end
  return { digest = values[1] or nil, plan = values[2] or nil, last = values[3] or nil, seen = values[4] or nil,
    fence = values[5] or nil, period = values[6] or nil, paused = values[7] or nil, grace = values[8] or nil,
    chain = values[9] or nil }
end

local function consider_schedule(name)
  if claim_plainly(name) then return end
  local definition, digest, flat, text = read_definition(name)
  if not definition then return forget_schedule(name) end
  local state = read_outline(name)
  local item, rest = split_plan(state.plan)
  local why = needs_planning(state, item, digest)
  if why then
    -- A pause that ends, or a removal: before its instant nothing comes of it but the same again.
    if why ~= 'changed' and tonumber(redis.call('ZSCORE', due, name) or now) > now then return end
    local _, state_flat = read_state(name)
    return hand_back(name, why, digest, state_flat, flat)
  end
  if item.start > horizon then return redis.call('ZADD', due, text_of(item.start), name) end
  local lane = lane_of(definition, name)
  if not lane_is_open(lane) then
    redis.call('ZREM', due, name)
    return put_aside(lane, 's' .. name, item.start)
  end
  local run_id = name .. '@' .. text_of(item.nominal)
  local own = definition.overlap == 'allow'
  local fence = next_fence(state.fence)
  local lease = run_lease_key(name, run_id, own)
  if own and definition.maxConcurrent then
    local whole = read_state(name)
    if live_runs(whole) >= tonumber(definition.maxConcurrent) then
      if item.start > now then return redis.call('ZADD', due, item.start, name) end
      return meet_limit(name, whole, item, rest, definition)
    end
  end
  if not try_lease(lease, fence) then
    -- Whether it is overlapped is decided at its instant, not before.
    if item.start > now then return redis.call('ZADD', due, item.start, name) end
    return meet_overlap(name, read_state(name), item, rest, definition, lease)
  end
  local plan, seen = pass_instant(name, state, item, rest, definition)
  local run = { n = item.nominal, f = fence, a = 1, d = 1, m = item.missed, c = item.catch_up or nil, k = 'o',
    l = own or nil }
  start_run(name, run_id, run, state, lane, item.start, plan, seen)
  reply_run(name, run_id, run, lease_ms, state, plan, digest, text, item.start)
end

local function consider_run(run_id)
  local name = name_of(run_id)
  local definition, digest, flat, text
  if name then definition, digest, flat, text = read_definition(name) end
  if not definition then
    redis.call('ZREM', pending, run_id)
    if name then forget_schedule(name) end
    return
  end
  local state, state_flat = read_state(name)
  local run = read_run(state['run:' .. run_id])
  if not run or run.w then return redis.call('ZREM', pending, run_id) end
  if state.digest ~= digest then
    redis.call('ZADD', pending, now + PLANNING_MS, run_id)
    if not state.error then return hand_back(name, 'changed', digest, state_flat, flat) end
    return
  end
  if run.k == 'o' and run.f == 0 and (state.paused or not state.trigger) then
    -- It has waited for a run to end, and was never claimed: a pause is before it.
    return drop_waiting(name, run_id, run, state.error and 'invalid' or state.paused and 'paused' or 'disabled')
  end
  local lane = lane_of(definition, name)
  if not lane_is_open(lane) then
    local score = redis.call('ZSCORE', pending, run_id) or now
    redis.call('ZREM', pending, run_id)
    return put_aside(lane, 'r' .. run_id, score)
  end
  run.f = next_fence(state.fence)
  local lease = run_lease_key(name, run_id, run.l)
  if not try_lease(lease, run.f) then
    redis.call('ZADD', pending, now + time_left(lease), run_id)
    if run.r == 'replace' then ask_to_stop(state) end
    if not string.find('\n' .. (state.waiting or '') .. '\n', '\n' .. run_id .. '\n', 1, true) then
      redis.call('HSET', state_key(name), 'waiting', (state.waiting and state.waiting .. '\n' or '') .. run_id)
    end
    return
  end
  redis.call('ZREM', pending, run_id)
  local is_first_backfill = run.r == 'backfill'
  start_run(name, run_id, run, state, lane, now)
  if is_first_backfill then feed_backfill(name, now, 0, true) end
  reply_run(name, run_id, run, lease_ms, state, state.plan or '', digest, text, run.n)
end

local function consider_all(key, bound, consider, limit)
  local considered = 0
  local seen = {}
  while run_count < limit and considered < SCAN_COUNT do
    local wanted = math.min(limit - run_count, 100)
    local members = redis.call('ZRANGEBYSCORE', key, '-inf', bound, 'LIMIT', 0, wanted)
    for _, member in ipairs(members) do
      -- One that stays where it is has to wait for its instant; whoever is behind it is due no earlier.
      if run_count >= limit or seen[member] == 2 then return end
      seen[member] = (seen[member] or 0) + 1
      consider(member)
      considered = considered + 1
    end
    note_all()
    if #members < wanted then return end
  end
end

local function repeat_reply(known_text)
  -- A write of its own: a `WAIT` behind this call speaks of everything up to it, the first delivery included.
  redis.call('HSET', worker, 'request', request)
  local ok, known = pcall(cjson.decode, known_text)
  if not ok or type(known) ~= 'table' then return end
  for i = 1, #known, 2 do
    local run_id, fence = tostring(known[i]), tostring(known[i + 1])
    local name = name_of(run_id) or ''
    local state = read_state(name)
    local run = read_run(state['run:' .. run_id])
    local definition, digest, _, text = read_definition(name)
    if definition and run and run.w == worker_id and text_of(run.f) == fence then
      local lease = run_lease_key(name, run_id, run.l)
      if holds_lease(lease, run) then
        reply_run(name, run_id, run, redis.call('PTTL', lease), state, state.plan or '', digest, text, run.s)
      end
    end
  end
end

local former = redis.pcall('HMGET', worker, 'request', 'won')
if former.err then
  redis.call('DEL', worker)
  former = {}
end
if former[1] == request then
  repeat_reply(former[2])
  local head, count = read_head()
  return { now_us, head, count, runs, handed, skipped, 0 }
end

-- Slots that are kept for what waits to be delivered; of few slots, whoever has waited longer gets the first.
local function slots_kept(ready)
  if ready == 0 then return 0 end
  if slots >= 4 then return math.min(ready, math.floor(slots / 4)) end
  local first_due = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
  local first_pending = redis.call('ZRANGE', pending, 0, 0, 'WITHSCORES')
  return (not first_due[2] or tonumber(first_pending[2]) < tonumber(first_due[2])) and 1 or 0
end

take_from_lanes(slots)
local ready = redis.call('ZCOUNT', pending, '-inf', now)
local done, problem = pcall(function()
  consider_all(due, horizon, consider_schedule, math.min(share, slots - slots_kept(ready)))
  if ready > 0 then consider_all(pending, now, consider_run, slots) end
end)
-- Whatever breaks off a claim: what it has started is where recovery looks for it.
note_all()
if not done then error(problem, 0) end

if #won == 0 then prune_limited_tasks() end
if #won > 0 and redis.call('HSET', worker, 'request', request, 'won', cjson.encode(won)) == 2 then
  redis.call('PEXPIRE', worker, 60000)
end
for lane in pairs(set_aside_lanes) do redis.call('PUBLISH', channel, 'lane ' .. lane) end
local head, count = read_head()
-- The others came, or hold back, for the same instant: they are told that nothing is left of it; by the worker itself when
-- it has starts to make before.
local was_expected = tonumber(expected) >= 0 and tonumber(expected) <= horizon
local tells = (moved or was_expected) and (head < 0 or head > horizon)
if tells and #runs == 0 then
  redis.call('PUBLISH', channel, 'head ' .. string.format('%.0f', head) .. ' ' .. count)
end
return { now_us, head, count, runs, handed, skipped, tells and #runs > 0 and 1 or 0 }
