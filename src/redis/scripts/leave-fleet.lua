-- Removes a stopping worker from the fleet.
--
-- Guarantee: the remaining runs of the worker are not changed; their leases end by themselves.
--
-- KEYS
--   workers      zset, worker id → last heartbeat, epoch ms
--   ranks        zset, worker id → when it joined, epoch ms
--   worker       hash, the record of this worker
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   worker_id    text
-- REPLY
--   `left`
local workers, ranks, worker = unpack(KEYS)
local tag, channel, worker_id = unpack(ARGV)
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/next-due.lua

redis.call('ZREM', workers, worker_id)
redis.call('ZREM', ranks, worker_id)
redis.call('DEL', worker)
notify_left(worker_id)
-- Backups that wait behind this worker may claim at once.
announce_next_due()
return 'left'
