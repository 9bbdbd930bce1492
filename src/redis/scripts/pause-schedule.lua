-- Pauses a schedule: no occurrence is claimed until it is resumed.
--
-- Guarantee: the definition is not changed, and an occurrence is either claimed before the pause or not at all.
--
-- KEYS
--   due          zset, schedule name → when a claim looks at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   name         text, the schedule
--   note         text, the reason
--   pause_end    epoch ms, when it resumes by itself, '' never
--   by           text, the editor, '' unknown
--   via          text, the way of the edit: `api`, `cli`, …
--   if_active    0/1, whether a paused schedule keeps its pause
-- REPLY
--   [`paused` | `unchanged` | `missing`, revision] (unchanged: it was paused already)
local due = unpack(KEYS)
local tag, channel, name, note, pause_end, by, via, if_active = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/next-due.lua
-- @include lib/creation.lua
-- @include lib/changes.lua
-- @include lib/note-pause.lua
-- @include lib/inactive.lua
-- @include lib/index-activity.lua

local now = read_now()
if not read_definition(name) then return { 'missing', 0 } end
local state = read_state(name)
if state.paused and if_active == '1' then return { 'unchanged', tonumber(state.revision) or 0 } end
local previous = state.paused and read_json(state.paused)
local pause = cjson.encode({ at = previous and tonumber(previous.at) or now, note = note,
  ['until'] = tonumber(pause_end), via = via ~= 'api' and via or nil })
redis.call('HSET', state_key(name), 'paused', pause)
index_activity(name)
note_pause(name, now, state.paused, pause, by, via)
unpark_everywhere('s' .. name)
if pause_end ~= '' then redis.call('ZADD', due, pause_end, name) else redis.call('ZREM', due, name) end
notify_changed(name)
announce_if_first(name)
return { 'paused', tonumber(state.revision) or 0 }
