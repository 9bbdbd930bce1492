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
-- @include lib/runs.lua

local name = name_of(run_id)
local run = name and read_run(read_state(name)['run:' .. run_id])
if not run then return 'missing' end
if run.w then
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
redis.call('HDEL', state_key(name), 'run:' .. run_id)
record(name, { at = run.n, outcome = 'cancelled', reason = 'cancelled', run = run_id, attempt = run.a, missed = run.m })
return 'cancelled'
