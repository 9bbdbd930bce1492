-- Reads the clock of the server that a shard is on, and when somebody has to look next.
--
-- Guarantee: both are of the same moment, and nothing is changed.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
-- REPLY
--   [now µs, head ms or -1, count at the head]
local due = unpack(KEYS)
local tag = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/head.lua

local _, now_us = read_now()
return { now_us, read_head() }
