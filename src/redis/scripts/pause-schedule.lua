-- Pauses a schedule: no occurrence is claimed until it is resumed.
--
-- Guarantee: the definition is left alone, and an occurrence is either claimed before the pause or not at all.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of changes
--   name         text, the schedule
--   note         text, why
--   pause_end    epoch ms when it resumes by itself, '' never
-- REPLY
--   [`paused` | `missing`, revision]
local due = unpack(KEYS)
local tag, channel, name, note, pause_end = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/next-due.lua

if redis.call('EXISTS', definition_key(name)) == 0 then return { 'missing', 0 } end
local now = read_now()
local state = read_state(name)
local previous = state.paused and read_json(state.paused)
redis.call('HSET', state_key(name), 'paused', cjson.encode({ at = previous and tonumber(previous.at) or now, note = note,
  ['until'] = tonumber(pause_end) }))
unpark_everywhere('s' .. name)
if pause_end ~= '' then redis.call('ZADD', due, pause_end, name) else redis.call('ZREM', due, name) end
notify_changed(name)
announce_if_first(name)
return { 'paused', tonumber(state.revision) or 0 }
