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
--   before       epoch ms, the instant that only the workers near it expect until now, '' if all workers expect one
--   before_count count of schedules that share `before`, or ''
-- REPLY
--   `told`
local due = unpack(KEYS)
local tag, channel, before, before_count = unpack(ARGV)
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/next-due.lua
-- @include lib/near-workers.lua

if before == '' then
  announce_next_due()
else
  announce_to_near(tonumber(before), tonumber(before_count), read_next_due())
end
return 'told'
