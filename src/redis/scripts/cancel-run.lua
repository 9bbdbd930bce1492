-- Cancels a run wherever it is: a run that waits is closed here, a running one is told to stop.
--
-- Guarantee: a waiting run is never delivered after this; a running one settles by itself, and keeps its lease until then.
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
  -- Whatever becomes of its worker, the run is not tried or delivered again.
  run.cancelled = true
  store_run(name, run_id, run)
  local worker = worker_key(run.worker)
  if redis.call('EXISTS', worker) == 1 then
    -- For a worker that misses the message: its next heartbeat brings the cancelled run.
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
