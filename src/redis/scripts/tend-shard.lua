-- Polls a shard that is not the first: replies with its next due, and whether this worker does its maintenance.
--
-- Guarantee: one worker of the fleet is elected for one heartbeat period; only the first shard holds the list of
-- workers.
--
-- KEYS
--   worker       hash, the record of this worker on this shard
--   running      zset, run id → lease deadline, epoch ms
--   meta         hash, layout version, shard count, generation
--   upkeep       string, the short lock of the elected worker
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   worker_id    text
--   beat_ms      ms between heartbeats
--   generation   text, the name for this dataset if it has none yet
--   shards       count, of shards that this worker expects
-- REPLY
--   [now µs, next due ms, count due then (0: nothing is due), elected 0/1, runs past their deadline, generation, layout, shards,
--    cancelled run ids joined by newlines, runs that are running, task queues with parked work,
--    keys that were removed because they had another type]
local worker, running, meta, upkeep = unpack(KEYS)
local tag, channel, worker_id, beat_ms, generation, shards = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/next-due.lua
-- @include lib/layout.lua
-- @include lib/maintenance.lua
-- @include lib/repair.lua

local now, now_us = read_now()
local repaired = repair({ [meta] = 'hash' })
local about, is_right = agree_on_layout(meta, shards, generation)
if not is_right then return { now_us, -1, 0, 0, 0, about[1], about[2], about[3], '', 0, 0, repaired } end
for _, key in ipairs(repair_shard(worker)) do repaired[#repaired + 1] = key end
local next_due, count = read_next_due()
return { now_us, next_due, count, elect_for_maintenance(upkeep, beat_ms), redis.call('ZCOUNT', running, '-inf', now), about[1],
  about[2], about[3], take_cancels(worker), redis.call('ZCARD', running), redis.call('SCARD', queues_key()), repaired }
