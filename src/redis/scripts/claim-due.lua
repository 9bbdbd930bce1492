-- Claims due work for this worker, up to its free slots, in one atomic step.
--
-- Guarantee: one claim only wins an occurrence: the same step moves the schedule past its instant, sets its lease,
-- increments its fence and stores its run, and only if the definition is still the text that was checked and planned.
-- The same request id gets the same runs again.
--
-- KEYS
--   due          zset, schedule name → when a claim looks at it next, epoch ms
--   pending      zset, run id → when it is delivered, epoch ms
--   running      zset, run id → lease deadline, epoch ms
--   worker       hash, the record of this worker
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   request      text, id of this request
--   worker_id    text
--   slots        count, most runs to claim
--   max_claims   count, most occurrences to claim while other workers claim the same instant
--   lease_ms     ms, TTL of a lease
--   ahead        ms, how early an occurrence may be claimed; its worker waits for its instant before it starts the run
--   expected     epoch ms, the next due as this worker knows it, '' for none
--   tells        0/1, whether this call announces the next due, provided that none of its runs starts soon
--   near         count of schedules that share `expected`, if only the workers near it expect it, '' if all do
--   queues       text…, groups of 3: a task queue of this worker (`pool\ntask`), the fleet-wide limit of its task (0
--                none), and the free slots of this worker for it
-- REPLY
--   [now µs, next due ms, count due then (0: nothing is due), runs, schedules to plan, skipped, 0/1 whether this worker
--    has to announce the next due]
--   runs, groups of 5: name; `nominal start fence 0/1 digest`, where 1 is a plan that continues by its period; rest of
--         the plan; definition; rest: '' for the first start of an occurrence on time, else JSON [run id, attempt,
--         delivery, missed, catch-up 0/1, kind, own lease 0/1, lease left ms, payload or '', trace or '']
--   definition: the number of values, then its fields and their values in the order of the fields, separated by NUL
--   schedules to plan: [name, why, digest, state fields, definition fields]
--   skipped: [name, nominal, reason]
local due, pending, running, worker = unpack(KEYS)
local tag, channel, request, worker_id, slots, max_claims, lease_ms, ahead, expected, tells, near = unpack(ARGV, 1, 11)
-- @include lib/arguments.lua
local queues = rest_of(ARGV, 12)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/plan.lua
-- @include lib/runs.lua
-- @include lib/next-due.lua

local DEFAULT_GRACE_MS = 60000
-- Time for which the planning of a schedule is left to one worker, ms; then the next claim gives it to another.
local PLANNING_MS = 1000
local SCAN_COUNT = 500
local PAGE_COUNT = 100
-- Most bytes of definitions in one reply: a larger one would block the server for too long.
local REPLY_BYTES = 512 * 1024
local STATE_TTL_MS = 60000
-- Least time from an announcement to the first start of a call, ms: woken workers sleep again by then.
local TELL_MS = 4

local lease_ttl = lease_ms
slots, max_claims, lease_ms = tonumber(slots), tonumber(max_claims), tonumber(lease_ms)
local now, now_us = read_now()
local horizon = math.floor(now + ahead)
local deadline = text_of(now + lease_ms)
local now_text = text_of(now)
-- By task queue of this worker: the fleet-wide limit of its task, and the free slots of this worker for it.
local limits, capacity = {}, {}
for i = 1, #queues, 3 do
  limits[queues[i]], capacity[queues[i]] = tonumber(queues[i + 1]), tonumber(queues[i + 2])
end
local worker_id_is_plain = string.find(worker_id, '^[%w%-]+$') ~= nil
local runs, to_plan, skipped, won = {}, {}, {}, {}
local run_count, reply_bytes, due_changed = 0, 0, false
local first_start
-- The first error of a schedule or run. Its member is put off, so that this worker can claim the others.
local problem

local function add_reply(name, outline, plan, text, rest)
  local at = run_count * 5
  runs[at + 1], runs[at + 2], runs[at + 3], runs[at + 4], runs[at + 5] = name, outline, plan, text, rest
  run_count = run_count + 1
  reply_bytes = reply_bytes + #text
end

-- @include claim-due/start.lua
-- @include claim-due/instant.lua

-- The functions that few claims need. Each function that a call creates costs Redis a third of a microsecond, so these
-- functions are created on first use.
local function create_rare()
-- @include lib/inactive.lua
-- @include claim-due/no-instant.lua
-- @include lib/minutes.lua
-- @include lib/history.lua
-- @include lib/backfill.lua
-- @include lib/delete-schedule.lua

  local function rest_of_run(run_id, run, lease_left)
    if lease_left == lease_ms and is_first_start(run) then return '' end
    return cjson.encode({ run_id, run.attempt, run.delivery, run.missed, run.catch_up and 1 or 0, run.kind,
      run.own_lease and 1 or 0, lease_left, run.payload or '', run.trace or '' })
  end

  local function put_off(index, member, failure)
    problem = problem or failure
    redis.call('ZADD', index, 'XX', now + PLANNING_MS, member)
  end

  local function digest_of_unordered(flat) return digest_of(flat, to_map(flat)) end

  local function ask_for_plan(name, why, digest, state_flat, flat)
    to_plan[#to_plan + 1] = { name, why, digest or '', state_flat, flat or {} }
    redis.call('ZADD', due, 'XX', now + PLANNING_MS, name)
  end

  local function hand_back(name, why, digest, flat)
    -- Planning a schedule before the end of its pause, or before its removal, changes nothing.
    if why ~= 'changed' and tonumber(redis.call('ZSCORE', due, name) or now) > now then return end
    local _, state_flat = read_state(name)
    ask_for_plan(name, why, digest, state_flat, flat)
  end

  -- `about`: [period, plan, digest, text of the definition].
  -- The run starts at once.
  local function add_run_reply(name, run_id, run, start, lease_left, about)
    first_start = now
    local outline = { text_of(run.nominal), text_of(start), text_of(run.fence), about[1] and '1' or '0', about[3] }
    add_reply(name, table.concat(outline, ' '), about[2], about[4], rest_of_run(run_id, run, lease_left))
  end

-- @include claim-due/parked.lua

  local function has_capacity(queue)
    local limit = limits[queue]
    if not limit or capacity[queue] <= 0 then return false end
    return limit == 0 or count_busy(task_of(queue), limit) < limit
  end

-- @include claim-due/overlap.lua
-- @include claim-due/waiting-run.lua
-- @include claim-due/repeat.lua
-- @include claim-due/kept-slots.lua
-- @include lib/near-workers.lua

  return { delete_schedule = delete_schedule, hand_back = hand_back, park = park, has_capacity = has_capacity,
    unpark_own_work = unpark_own_work, prune_limited_tasks = prune_limited_tasks, apply_overlap = apply_overlap,
    apply_max_concurrent = apply_max_concurrent, claim_waiting_run = claim_waiting_run, repeat_reply = repeat_reply,
    digest_of_unordered = digest_of_unordered, read_state = read_state, hold_task = hold_task, finish = finish,
    schedule_no_instant = schedule_no_instant, announce_parked = announce_parked, count_kept_slots = count_kept_slots,
    announce_to_near = announce_to_near, put_off = put_off, write_run = write_run, rest_of_run = rest_of_run }
end
local rare
local function rarely()
  rare = rare or create_rare()
  return rare
end

-- @include claim-due/claim-schedule.lua

-- Claims the members of an index up to `bound`, until the call has won `limit` runs in all.
local function claim_all(index, bound, claim, limit)
  local inspected, seen = 0, {}
  while run_count < limit and inspected < SCAN_COUNT and reply_bytes < REPLY_BYTES do
    local wanted = math.min(limit - run_count, PAGE_COUNT)
    local members = redis.call('ZRANGEBYSCORE', index, '-inf', bound, 'LIMIT', '0', text_of(wanted))
    local at, is_over = 0, false
    local function claim_page()
      while at < #members do
        at = at + 1
        local member = members[at]
        -- A member that keeps its score waits for its instant; the members after it are due no earlier.
        is_over = run_count >= limit or seen[member] == 2 or reply_bytes >= REPLY_BYTES
        if is_over then return end
        seen[member] = (seen[member] or 0) + 1
        claim(member)
      end
    end
    while at < #members and not is_over do
      local done, failure = pcall(claim_page)
      if not done then rarely().put_off(index, members[at], failure) end
    end
    inspected = inspected + at
    write_batched()
    if is_over or #members < wanted then return end
  end
end

local request_before = redis.pcall('HGET', worker, 'request')
if type(request_before) == 'table' then redis.call('DEL', worker) end
if request_before == request then
  rarely().repeat_reply(redis.call('HGET', worker, 'won'))
  local next_due, count = read_next_due()
  return { now_us, next_due, count, runs, to_plan, skipped, 0 }
end

-- Nearly always no work is parked or waits, which one command tells.
local first_pending = {}
if redis.call('EXISTS', queues_key(), pending) > 0 then
  local parked_queues = read_queues()
  if #parked_queues > 0 then rarely().unpark_own_work(parked_queues, slots) end
  first_pending = redis.call('ZRANGE', pending, '0', '0', 'WITHSCORES')
end
local is_ready = first_pending[2] and tonumber(first_pending[2]) <= now
local ready = is_ready and redis.call('ZCOUNT', pending, '-inf', now) or 0
local kept = ready > 0 and rarely().count_kept_slots(ready) or 0
claim_all(due, text_of(horizon), claim_schedule, math.min(max_claims, slots - kept))
if ready > 0 then claim_all(pending, now_text, rarely().claim_waiting_run, slots) end
write_batched()
-- A reply with runs has no room for an error: the member that failed is due again in a second, and its error is
-- reported then.
if problem and #won == 0 then error(problem, 0) end

if #won == 0 then
  for _, limit in pairs(limits) do
    if limit > 0 then
      rarely().prune_limited_tasks()
      break
    end
  end
elseif redis.call('HSET', worker, 'request', request, 'won', cjson.encode(won)) == 2 then
  redis.call('PEXPIRE', worker, STATE_TTL_MS)
end
if rare then rare.announce_parked() end
-- Only the functions of `create_rare` write into `pending`.
local next_due, count = read_next_due(not rare and first_pending)
-- Other workers wait for the same instant, so they have to learn that nothing is left of it. A call that is well ahead
-- of the starts of its runs announces the next due itself; a worker whose runs start at once announces it after them.
local is_expected = tonumber(expected) and tonumber(expected) <= horizon
local announces = (due_changed or is_expected) and (count == 0 or next_due > horizon)
if announces and (#runs == 0 or tells == '1' and first_start and first_start >= now + TELL_MS) then
  if near ~= '' and is_expected then
    rarely().announce_to_near(tonumber(expected), tonumber(near), next_due, count)
  else
    notify_next_due(next_due, count)
  end
  announces = false
end
return { now_us, next_due, count, runs, to_plan, skipped, announces and 1 or 0 }
