-- Announces the next due.
--
-- Guarantee: the message agrees with what Redis holds at that moment. A worker calls this script after the starts of
-- its claim, because the message wakes every worker, which would delay the starts on a shared machine.
--
-- KEYS
--   due          zset, schedule name → when a claim looks at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
-- REPLY
--   `told`
local due = unpack(KEYS)
local tag, channel = unpack(ARGV)
-- @include lib/keys.lua
-- @include lib/notify.lua
-- @include lib/next-due.lua

announce_next_due()
return 'told'
