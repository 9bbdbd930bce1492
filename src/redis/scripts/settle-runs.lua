-- Settles runs of this worker: records their outcomes and frees their leases, many runs in one call.
--
-- Guarantee: a run is settled once, and only by the holder of its current lease token; the history entry, the counters,
-- the release of the lease, the start of waiting work and the refill of the plan are one step. A repeated call changes
-- nothing.
--
-- KEYS
--   running      zset, run id → lease deadline, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   worker_id    text
--   announces    0/1, whether this call announces the next due, as announce-head does
--   groups       text…, one for each run: the number of values; name, run id, fence, outcome (ok, failed, cancelled,
--                abandoned, returned; in place of ok its field in the hash of a minute, `ok:<lateness>:<duration>`, saves
--                this script the work to make it), duration ms, lateness ms; digest, plan reached (nominal), instants to add
--                ('' none); reason, result JSON, error, retry delay ms (-1 none), failures in a row that pause (0 never);
--                W3C traceparent of its first start. The last values may be missing
-- REPLY
--   [now ms, outcomes…]: `settled`, `recovered` (settled as ok, and a run of the schedule has failed since the last one
--   that was ok), `retrying`, `paused` (settled, and the schedule paused), `rerun` or `abandoned` (its lease had ended, or
--   the worker gave it up), `returned` (it was never started, and is delivered again), `lost` (another worker has it),
--   `forgotten` (the schedule or the run was removed), `unrecorded` (it met an error: nothing is decided, and it is to be
--   sent again)
local running = unpack(KEYS)
local tag, channel, worker_id, announces = unpack(ARGV, 1, 4)
-- @include lib/arguments.lua
local groups = rest_of(ARGV, 5)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/inactive.lua
-- @include lib/minutes.lua
-- @include lib/history.lua
-- @include lib/runs.lua
-- @include lib/next-due.lua

-- The longest field of a hash that Redis stores compactly, bytes; and the time until the next due, ms, from which a
-- state that held a longer field is made compact at the end of a run.
local COMPACT_BYTES = 64
local DUE_FAR_MS = 60000

-- The third byte of `ok:<lateness>:<duration>`, and of no outcome alone.
local COLON = 58

local now = read_now()
local woken = false
-- How many runs this call has recorded as ok, by the field that counts them in the hash of the minute.
local counts = {}
-- @include settle-runs/end-run.lua

-- The functions that few settlements need. Each function that a call creates costs Redis a third of a microsecond, so
-- these functions are created on first use.
local function create_rare()
-- @include lib/task-queues.lua
-- @include lib/backfill.lua
-- @include lib/creation.lua
-- @include lib/changes.lua
-- @include lib/note-pause.lua
-- @include lib/settle-waiting.lua
-- @include lib/abandon-run.lua
-- @include settle-runs/rare.lua

  return { answer_unheld = answer_unheld, settle_without_lease = settle_without_lease, leave_task = leave_task,
    continue_run = continue_run, record_end = record_end, count_failure = count_failure, shrink_state = shrink_state,
    release = release, announce_freed = announce_freed, read_run = read_run, lease_key_of = lease_key_of,
    entry_of = entry_of, add_entry = add_entry }
end
local rare
local function rarely()
  rare = rare or create_rare()
  return rare
end

local function look_at(name, run_id)
  return redis.pcall('HMGET', state_key(name), 'run:' .. run_id, 'waiting', 'blocked', 'failures')
end

-- By the place of a run in this call: what its state says of it, the key and the token of the lease of its schedule.
-- The runs are read before any is settled, so that one command reads all leases. Only the first run of each schedule is
-- read, because its settlement may change the state for the others.
local looks, leases, tokens = {}, {}, {}
local function look_ahead()
  local seen = {}
  local position, place = 1, 0
  while position <= #groups do
    local name = groups[position + 1]
    place = place + 1
    looks[place] = not seen[name] and look_at(name, groups[position + 2])
    leases[place] = lease_key(name)
    seen[name] = true
    position = position + 1 + groups[position]
  end
  -- MGET reads a key of another type, which is no lease, as absent.
  if place > 0 then tokens = redis.call('MGET', unpack(leases)) end
end

-- Records that the first start of an occurrence has ended as ok, and no run before it has failed: nearly every run does.
local function record_first_ok(name, run_id, nominal, fence, started, duration, lateness, result, is_blocking, field)
  local added = add_first_ok(name, nominal, worker_id, fence, started, duration, lateness, result)
  if type(added) ~= 'string' then
    rarely().add_entry(name, rarely().entry_of(name, nominal, 'ok', '', run_id, worker_id, '1', fence, started, duration,
      lateness, result or '', '', '0', '1', ''), added == false)
  end
  counts[field] = (counts[field] or 0) + 1
  if is_blocking then
    redis.call('HDEL', state_key(name), 'run:' .. run_id)
  else
    redis.call('HDEL', state_key(name), 'run:' .. run_id, 'holder', 'started')
  end
end

local function settle(place, position, last)
  local name, run_id, fence, outcome, duration, lateness, digest, reached, more, reason, result, failure, retry,
    pause_after, trace = unpack(groups, position + 1, last)
  reason, retry = reason or '', retry and tonumber(retry) or -1
  local field, answer
  if string.byte(outcome, 3) == COLON then outcome, field = 'ok', outcome end
  local look = looks[place] or look_at(name, run_id)
  if look.err then return 'forgotten' end
  local nominal, run_fence, started, holder = split_first_start(look[1])
  local run = not nominal and rarely().read_run(look[1]) or nil
  if run then run_fence, holder = text_of(run.fence), run.worker end
  if holder ~= worker_id or run_fence ~= fence then
    return rarely().answer_unheld(name, run_id, fence, outcome, run or rarely().read_run(look[1]))
  end
  local own_lease = run and run.own_lease
  local lease, token = leases[place], tokens[place]
  if own_lease or not looks[place] then
    lease = rarely().lease_key_of(name, run_id, own_lease)
    token = redis.pcall('GET', lease)
  end
  if token ~= worker_id .. ':' .. fence then
    return rarely().settle_without_lease(name, run_id, run or rarely().read_run(look[1]), outcome, retry)
  end
  if run and run.task then rarely().leave_task(run_id, run) end
  if run and run.cancelled and outcome ~= 'ok' then outcome, reason, retry = 'cancelled', 'cancelled', -1 end
  local is_abandoned = outcome == 'abandoned' and retry < 0
  if is_abandoned then free_lease(lease, run_id) end
  if outcome == 'returned' or retry >= 0 or is_abandoned then
    run = run or rarely().read_run(look[1])
    run.trace = trace or run.trace
    answer = rarely().continue_run(name, run_id, run, outcome, retry, reason)
  end
  if not answer and nominal and field and not look[4] and reason == '' and (failure or '') == ''
    and run_id == name .. '@' .. nominal then
    record_first_ok(name, run_id, nominal, fence, started, duration, lateness, result, look[3], field)
    answer = 'settled'
  elseif not answer then
    answer = rarely().record_end(name, run_id, run or rarely().read_run(look[1]), fence, outcome, reason, duration, lateness,
      result, failure, look, field)
    if outcome == 'failed' and rarely().count_failure(name, tonumber(pause_after) or 0) then answer = 'paused' end
  end
  if more and more ~= '' then refill_plan(name, digest, reached, more) end
  if (look[2] or look[3]) and not is_abandoned and (not own_lease or look[3]) then rarely().release(name, look[2], look[3]) end
  if not is_abandoned then free_lease(lease, run_id) end
  if #run_id + 4 > COMPACT_BYTES then
    local _, next_start = first_instant(redis.call('HGET', state_key(name), 'plan') or nil)
    if not next_start or next_start > now + DUE_FAR_MS then rarely().shrink_state(name) end
  end
  return answer
end

look_ahead()
local reply = { now }
local place, position = 1, 1
while position <= #groups do
  local last = position + groups[position]
  local done, answer = pcall(settle, place, position, last)
  -- The error of one run does not keep the others from being settled.
  reply[place + 1] = done and answer or 'unrecorded'
  place, position = place + 1, last + 1
end
free_leases()
-- No function, since a call would create it. A key of another type is left alone: the count is for people.
local minute
for field, count in next, counts do
  minute = minute or minute_key(now)
  if redis.pcall('HINCRBY', minute, field, count == 1 and '1' or text_of(count)) == count then
    redis.call('PEXPIRE', minute, MINUTE_TTL_MS)
  end
end
if rare then rare.announce_freed() end
if woken or announces == '1' then announce_next_due() end
return reply
