-- Looks at runs whose lease deadline has passed: extended ones get a new deadline, the others are given up.
--
-- Guarantee: the lease decides, the deadline is a hint; an abandoned run is delivered again or closed, once.
--
-- KEYS
--   running      zset, run id → lease deadline, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of a new head
--   count        count, most runs to look at
-- REPLY
--   [looked at, given up: [name, run id, `rerun` | `abandoned`, worker, nominal, fence, attempt]…]
local running = unpack(KEYS)
local tag, channel, count = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/ledger.lua
-- @include lib/backfill.lua
-- @include lib/runs.lua
-- @include lib/head.lua

local now = read_now()
local given_up = {}
local run_ids = redis.call('ZRANGEBYSCORE', running, '-inf', now, 'LIMIT', 0, count)
for _, run_id in ipairs(run_ids) do
  local name = name_of(run_id)
  local state = name and read_state(name) or {}
  local run = read_run(state['run:' .. run_id])
  if not run or not run.w then
    redis.call('ZREM', running, run_id)
  else
    local lease = run_lease_key(name, run_id, run.l)
    -- In its last millisecond a lease has 0 left, and is held still.
    local left = holds_lease(lease, run) and redis.call('PTTL', lease) or -1
    if left >= 0 then
      redis.call('ZADD', running, now + left + 1, run_id)
    else
      local worker, fence, attempt, nominal = run.w, run.f, run.a, run.n
      local definition = read_definition(name) or {}
      local kind = abandon_run(name, run_id, run, state, definition, now, 'crash')
      given_up[#given_up + 1] = { name, run_id, kind, worker, nominal, fence, attempt }
    end
  end
end
if #given_up > 0 then announce_head() end
announce_freed()
return { #run_ids, given_up }
