-- Notes at the one place that every number of shards knows how many there are, unless somebody has said so before.
--
-- Guarantee: the first who comes decides; whoever expects something else learns of it before anything is written.
--
-- KEYS
--   meta         hash, layout version, shard count, generation
--   names        zset, the schedules of a fleet with one shard
-- ARGV
--   channel      text, where the fleet is told of a memory that is new
--   generation   text, what to call this memory of Redis when it has no name yet
--   shards       count, of shards that the caller expects
-- REPLY
--   [layout, shards]
local meta, names = unpack(KEYS)
local channel, generation, shards = unpack(ARGV)
-- @include lib/layout.lua

-- Schedules that were written here before any worker came are those of a single shard.
if redis.call('EXISTS', names) == 1 then redis.call('HSETNX', meta, 'shards', '1') end
local about = agree_on_layout(meta, shards, generation)
return { about[2], about[3] }
