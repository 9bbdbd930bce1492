-- Removes a schedule: definition, state, plan, waiting runs and history.
--
-- Guarantee: only the lease of a running run is left, which ends by itself; a later schedule of the same name starts
-- without former state. A finished schedule that code declares leaves a note, so that the same declaration does not run
-- it again.
--
-- KEYS
--   due          zset, schedule name → when a claim looks at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   name         text, the schedule
--   if_finished  0/1, whether only a finished schedule is removed, after its `removeAfter`
--   if_owner     text, the owner that the schedule must have, '' for any
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
-- @include lib/creation.lua
-- @include lib/changes.lua

-- Delay before a finished schedule that still has a run is checked again, ms.
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
-- A finished schedule is not run again by its declaration, also while its run is in progress.
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
