-- Removes a worker that stops from the fleet.
--
-- Guarantee: runs that the worker still had are not touched; its leases end by themselves.
--
-- KEYS
--   workers      zset, worker id → last heartbeat, epoch ms
--   ranks        zset, worker id → when it joined, epoch ms
--   worker       hash, the record of this worker
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told who leaves
--   worker_id    text
-- REPLY
--   `left`
local workers, ranks, worker = unpack(KEYS)
local tag, channel, worker_id = unpack(ARGV)
-- @include lib/keys.lua
-- @include lib/notify.lua
-- @include lib/next-due.lua

redis.call('ZREM', workers, worker_id)
redis.call('ZREM', ranks, worker_id)
redis.call('DEL', worker)
notify_left(worker_id)
-- Workers that held back for this one need not wait.
announce_next_due()
return 'left'
