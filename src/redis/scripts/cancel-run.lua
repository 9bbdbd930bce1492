-- Cancels a run wherever it is: one that waits is closed here, one that goes is told to stop.
--
-- Guarantee: a waiting run is never delivered after this; a going one settles by itself, and keeps its lease until then.
--
-- KEYS
--   pending      zset, run id → when to deliver it, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where workers are told to stop a run
--   run_id       text
-- REPLY
--   `cancelled` (it waited) | `cancelling` (its worker was told) | `missing`
local pending = unpack(KEYS)
local tag, channel, run_id = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/ledger.lua
-- @include lib/plan.lua
-- @include lib/backfill.lua
-- @include lib/runs.lua
-- @include lib/head.lua

local name = name_of(run_id)
local now = read_now()
local run = name and read_run(read_state(name)['run:' .. run_id])
if not run then
  if not name or redis.pcall('LREM', backfill_key(name), 1, run_id) ~= 1 then return 'missing' end
  record(name, { at = tonumber(string.match(run_id, '@(%-?%d+)#%d+$')), outcome = 'cancelled', reason = 'cancelled',
    run = run_id })
  return 'cancelled'
end
if run.w then
  -- Whatever becomes of its worker, it is not tried or delivered again.
  run.x = true
  redis.call('HSET', state_key(name), 'run:' .. run_id, cjson.encode(run))
  local worker = tag .. ':worker:' .. run.w
  if redis.call('EXISTS', worker) == 1 then
    -- For a worker that does not hear the message: its next heartbeat brings it.
    local former = redis.call('HGET', worker, 'cancels')
    redis.call('HSET', worker, 'cancels', (former and former .. '\n' or '') .. run_id)
  end
  redis.call('PUBLISH', channel, 'cancel ' .. run.w .. ' cancelled ' .. run_id)
  return 'cancelling'
end
redis.call('ZREM', pending, run_id)
for _, lane in ipairs(redis.call('SMEMBERS', tag .. ':lanes')) do leave_lane(lane, 'r' .. run_id) end
close_run(name, run_id, run, now)
if run.k == 'b' then announce_head() end
record(name, { at = run.n, outcome = 'cancelled', reason = 'cancelled', run = run_id, attempt = run.a, missed = run.m })
return 'cancelled'
