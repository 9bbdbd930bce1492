-- Reads the clock of the server of a shard, and the next due.
--
-- Guarantee: both are of the same moment, and nothing is changed.
--
-- KEYS
--   due          zset, schedule name → when a claim looks at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
-- REPLY
--   [now µs, next due ms, count due then (0: nothing is due)]
local due = unpack(KEYS)
local tag = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/next-due.lua

local _, now_us = read_now()
return { now_us, read_next_due() }
