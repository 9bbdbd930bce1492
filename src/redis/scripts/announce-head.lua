-- Tells the fleet when somebody has to look next.
--
-- Guarantee: what is told stands in Redis at that moment. Whoever claimed tells it when its runs have started: to be told
-- wakes every worker, and where workers share a machine that would be in the way of the starts.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of the head
-- REPLY
--   `told`
local due = unpack(KEYS)
local tag, channel = unpack(ARGV)
-- @include lib/head.lua

announce_head()
return 'told'
