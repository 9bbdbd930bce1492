-- Refills a plan that runs low, while a run of its schedule is running.
--
-- Guarantee: instants are added only to the plan for which they were computed; a plan that changed is kept as it is.
--
-- KEYS
--   due          zset, schedule name → when a claim looks at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   name         text, the schedule
--   digest       text, of the definition that the instants come from
--   reached      epoch ms, nominal instant after which the instants were computed
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
  -- If nothing follows, the next claim finishes the schedule.
  redis.call('ZADD', due, item and item.start or reached, name)
  announce_if_first(name)
end
return 'extended'
