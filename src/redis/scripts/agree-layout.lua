-- Stores the number of shards in the key that fleets of any number read, unless it is stored already.
--
-- Guarantee: the first caller decides; a caller that expects another number gets it in the reply before it writes.
--
-- KEYS
--   meta         hash, layout version, shard count, generation
--   names        zset, the schedules of a fleet with one shard
-- ARGV
--   channel      text, the fleet channel
--   generation   text, the name for this dataset if it has none yet
--   shards       count, of shards that the caller expects
-- REPLY
--   [layout, shards]
local meta, names = unpack(KEYS)
local channel, generation, shards = unpack(ARGV)
-- @include lib/notify.lua
-- @include lib/layout.lua

-- Schedules without a stored number of shards were written before any worker joined, and belong to a single shard.
if redis.call('EXISTS', names) == 1 then redis.call('HSETNX', meta, 'shards', '1') end
local about = agree_on_layout(meta, shards, generation)
return { about[2], about[3] }
