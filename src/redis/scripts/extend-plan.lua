-- Adds the next instants to a plan that runs low, while a run is still running.
--
-- Guarantee: adds only to the plan it was computed for; a plan that moved on is left alone.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told what is due next
--   name         text, the schedule
--   digest       text, of the definition that the instants come from
--   reached      nominal instant the plan was computed after, epoch ms
--   more         text, instants to add
-- REPLY
--   `extended` or `moved`
local due = unpack(KEYS)
local tag, channel, name, digest, reached, more = unpack(ARGV)
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/inactive.lua
-- @include lib/next-due.lua

local state = read_state(name)
local plan = extend_plan(state, digest, reached, more)
if not plan then return 'moved' end
redis.call('HSET', state_key(name), 'plan', plan)
if plan == '.' then note_inactive(name, FINISHED) end
if state.plan == '' and not state.blocked then
  local item = split_plan(plan)
  -- Where nothing follows, the next claim has the schedule closed.
  redis.call('ZADD', due, item and item.start or reached, name)
  announce_if_first(name)
end
return 'extended'
