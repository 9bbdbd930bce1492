-- Takes a worker that stops out of the fleet.
--
-- Guarantee: what the worker still had to run is not touched; its leases end by themselves.
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
-- @include lib/head.lua

redis.call('ZREM', workers, worker_id)
redis.call('ZREM', ranks, worker_id)
redis.call('DEL', worker)
redis.call('PUBLISH', channel, 'left ' .. worker_id)
-- Whoever held back for this worker need not wait.
announce_head()
return 'left'
