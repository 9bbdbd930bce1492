-- Cancels a run: a waiting run ends here; the worker of a running run gets the message to abort it.
--
-- Guarantee: a waiting run is never delivered afterwards; a running one keeps its lease until its worker settles it.
--
-- KEYS
--   pending      zset, run id → when it is delivered, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   run_id       text
-- REPLY
--   `cancelled` (it waited) | `cancelling` (its worker got the message) | `missing`
local pending = unpack(KEYS)
local tag, channel, run_id = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/minutes.lua
-- @include lib/history.lua
-- @include lib/runs.lua
-- @include lib/backfill.lua
-- @include lib/next-due.lua

local name = name_of(run_id)
local now = read_now()
local run = name and read_run(read_state(name)['run:' .. run_id])
if not run then
  if not name or redis.pcall('LREM', backfill_key(name), 1, run_id) ~= 1 then return 'missing' end
  record(name, { at = tonumber(string.match(run_id, '@(%-?%d+)#%d+$')), outcome = 'cancelled', reason = 'cancelled',
    run = run_id })
  return 'cancelled'
end
if run.worker then
  -- Also if its worker dies, the run is neither retried nor delivered again.
  run.cancelled = true
  store_run(name, run_id, run)
  local worker = worker_key(run.worker)
  if redis.call('EXISTS', worker) == 1 then
    -- A worker that misses the message gets the cancellation with its next heartbeat.
    local cancels = redis.call('HGET', worker, 'cancels')
    redis.call('HSET', worker, 'cancels', (cancels and cancels .. '\n' or '') .. run_id)
  end
  notify_cancel(run.worker, 'cancelled', run_id)
  return 'cancelling'
end
redis.call('ZREM', pending, run_id)
unpark_everywhere('r' .. run_id)
close_run(name, run_id, run, now)
if run.kind == 'backfill' then announce_next_due() end
record(name, { at = run.nominal, outcome = 'cancelled', reason = 'cancelled', run = run_id, attempt = run.attempt,
  missed = run.missed })
return 'cancelled'
