-- Tells the fleet what is due next.
--
-- Guarantee: the message says what Redis holds at that moment. A worker calls this after the starts of its claim: the
-- message wakes every worker, and on a shared machine that would delay the starts.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told
-- REPLY
--   `told`
local due = unpack(KEYS)
local tag, channel = unpack(ARGV)
-- @include lib/keys.lua
-- @include lib/notify.lua
-- @include lib/next-due.lua

announce_next_due()
return 'told'
