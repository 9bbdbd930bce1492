-- Reads definitions and states, both of one moment.
--
-- Guarantee: both hashes of a schedule are read in one step; nothing is written.
--
-- KEYS
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   after        text, the name before the page, '' for the start
--   count        count, most names to list; 0 to read the given names only
--   given        text…, names to read
-- REPLY
--   [now µs, next name or '', schedules]; a schedule: [name, digest or '', definition fields, state fields,
--   declaration (lib/changes.lua), '-' none]
local names = unpack(KEYS)
local tag, after, count = unpack(ARGV, 1, 3)
-- @include lib/arguments.lua
local given = rest_of(ARGV, 4)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/schedule.lua
-- @include lib/creation.lua
-- @include lib/changes.lua

-- Reads the declaration of a schedule. Most schedules have none, which costs no further read.
local function read_declaration(name, digest, state_flat)
  local list = redis.pcall('LRANGE', changes_key(name), 0, 1)
  if list.err or (list[2] or '') == '' then return '-' end
  return declaration_of(list, to_map(state_flat).digest == digest)
end

local next_name = ''
if tonumber(count) > 0 then
  given = redis.call('ZRANGEBYLEX', names, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, count)
  if #given == tonumber(count) then next_name = given[#given] end
end
local schedules = {}
for i, name in ipairs(given) do
  local _, digest, flat = read_definition(name)
  local state_flat = redis.pcall('HGETALL', state_key(name))
  if state_flat.err then state_flat = {} end
  schedules[i] = { name, digest or '', flat or {}, state_flat, read_declaration(name, digest, state_flat) }
end
local _, now_us = read_now()
return { now_us, next_name, schedules }
