-- Reads the clock of the server that a shard is on.
--
-- Guarantee: changes nothing.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms; only to be sent to the right server
-- ARGV
--   tag          text, the prefix in its hash tag
-- REPLY
--   now µs
local due = unpack(KEYS)
local tag = unpack(ARGV)
-- @include lib/clock.lua

local _, now_us = read_now()
return now_us
