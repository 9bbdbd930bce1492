-- Removes a schedule: definition, state, plan, what waits to be delivered, and its history.
--
-- Guarantee: nothing of it is left but the lease of a run that is still running, which ends by itself; a schedule of the same
-- name made later starts clean. What code declared and had run to its end leaves a note, so that the same declaration
-- does not run it again.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of changes
--   name         text, the schedule
--   if_finished  0/1, only when it has no occurrence left and its time to stay is over
--   if_owner     text, only when it belongs to this owner, '' for any
-- REPLY
--   `removed` | `missing` | `kept`
local due = unpack(KEYS)
local tag, channel, name, if_finished, if_owner = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/delete-schedule.lua
-- @include lib/changes.lua

-- How long a run that is running or waits keeps a finished schedule, before it is checked again.
local STAY_MS = 5000

local definition = read_definition(name)
if if_owner ~= '' and definition and definition.owner ~= if_owner then return 'kept' end
local state = read_state(name)
local is_finished = state.plan == '.'
if if_finished == '1' then
  if not is_finished then return 'kept' end
  for field in pairs(state) do
    if run_id_of(field) then
      redis.call('ZADD', due, read_now() + STAY_MS, name)
      return 'kept'
    end
  end
end
local existed = redis.call('DEL', definition_key(name)) + (redis.call('ZSCORE', due, name) and 1 or 0)
-- What began is not begun again, also where its run is under way.
local changes = is_finished and read_changes(name) or {}
delete_schedule(name)
local declared = full_declaration(changes[1], changes[2])
if declared ~= '' then
  redis.call('RPUSH', changes_key(name), '', '!' .. string.sub(declared, 2))
  redis.call('PEXPIRE', changes_key(name), DONE_MS)
end
if existed == 0 then return 'missing' end
notify_changed(name)
return 'removed'
