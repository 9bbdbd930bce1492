-- Removes a schedule: definition, state, plan, what waits to be delivered, and its ledger.
--
-- Guarantee: nothing of it is left but the lease of a run that still goes, which ends by itself; a schedule of the same
-- name made later starts clean.
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
-- @include lib/schedule.lua

local definition = read_definition(name)
if if_owner ~= '' and definition and definition.owner ~= if_owner then return 'kept' end
if if_finished == '1' and redis.call('HGET', state_key(name), 'plan') ~= '.' then return 'kept' end
local existed = redis.call('DEL', definition_key(name)) + (redis.call('ZSCORE', due, name) and 1 or 0)
forget_schedule(name)
if existed == 0 then return 'missing' end
redis.call('PUBLISH', channel, 'changed ' .. name)
return 'removed'
