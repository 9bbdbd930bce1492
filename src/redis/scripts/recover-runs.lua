-- Recovers runs whose lease deadline has passed: those without a lease any more are abandoned.
--
-- Guarantee: the lease decides, the deadline is a hint; an abandoned run is delivered again or ended, once.
--
-- KEYS
--   running      zset, run id → lease deadline, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   count        count, most runs to inspect
-- REPLY
--   [inspected, abandoned: [name, run id, `rerun` | `abandoned`, worker, nominal, fence, attempt]…]
local running = unpack(KEYS)
local tag, channel, count = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/plan.lua
-- @include lib/inactive.lua
-- @include lib/minutes.lua
-- @include lib/history.lua
-- @include lib/runs.lua
-- @include lib/backfill.lua
-- @include lib/creation.lua
-- @include lib/changes.lua
-- @include lib/note-pause.lua
-- @include lib/settle-waiting.lua
-- @include lib/abandon-run.lua
-- @include lib/next-due.lua

local now = read_now()
local abandoned = {}
-- Delay before a run that could not be recovered is inspected again, ms.
local PUT_OFF_MS = 5000

local function inspect_run(run_id)
  local name = name_of(run_id)
  local state = name and read_state(name) or {}
  local run = read_run(state['run:' .. run_id])
  if not run or not run.worker then return redis.call('ZREM', running, run_id) end
  local lease = lease_key_of(name, run_id, run.own_lease)
  -- A lease in its last millisecond has a PTTL of 0 and is still held.
  local left = holds_lease(lease, run) and redis.call('PTTL', lease) or -1
  if left >= 0 then return redis.call('ZADD', running, now + left + 1, run_id) end
  local worker, fence, attempt, nominal = run.worker, run.fence, run.attempt, run.nominal
  local kind = abandon_run(name, run_id, run, state, read_definition(name) or {}, now, 'crash')
  abandoned[#abandoned + 1] = { name, run_id, kind, worker, nominal, fence, attempt }
end

local run_ids = redis.call('ZRANGEBYSCORE', running, '-inf', now, 'LIMIT', 0, count)
local problem
for _, run_id in ipairs(run_ids) do
  local done, failure = pcall(inspect_run, run_id)
  if not done then
    -- The error of one run does not keep the others from being recovered.
    problem = problem or failure
    redis.call('ZADD', running, now + PUT_OFF_MS, run_id)
  end
end
if #abandoned > 0 then announce_next_due() end
announce_freed()
if problem and #abandoned == 0 then error(problem, 0) end
return { #run_ids, abandoned }
