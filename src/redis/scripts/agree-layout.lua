-- Stores the number of shards where fleets of any number look for it, unless it is stored already.
--
-- Guarantee: the first caller decides; a caller that expects something else learns of it before anything is written.
--
-- KEYS
--   meta         hash, layout version, shard count, generation
--   names        zset, the schedules of a fleet with one shard
-- ARGV
--   channel      text, where the fleet is told of a new dataset
--   generation   text, the name of this dataset where it has none yet
--   shards       count, of shards that the caller expects
-- REPLY
--   [layout, shards]
local meta, names = unpack(KEYS)
local channel, generation, shards = unpack(ARGV)
-- @include lib/notify.lua
-- @include lib/layout.lua

-- Schedules that were written here before any worker joined belong to a single shard.
if redis.call('EXISTS', names) == 1 then redis.call('HSETNX', meta, 'shards', '1') end
local about = agree_on_layout(meta, shards, generation)
return { about[2], about[3] }
