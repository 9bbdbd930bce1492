-- Finds the schedules whose last occurrence is the latest, in a bounded slice of the names.
--
-- Guarantee: reads at most `count` states; nothing is written.
--
-- KEYS
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   after        text, the name before the slice, '' for the start
--   count        count, most names to read
--   most         count, most schedules in the reply
--   before       epoch ms, last instant after which the page begins in the order; -1 a schedule without one, '' from
--                the start
--   before_name  text, the schedule with that instant
-- REPLY
--   [next name or '', name, last instant or -1, …], the latest first, then by name
local names = unpack(KEYS)
local tag, after, count, most, before, before_name = unpack(ARGV)
-- @include lib/keys.lua
-- @include lib/numbers.lua

local from, limit = tonumber(before), tonumber(most)
local slice = redis.call('ZRANGEBYLEX', names, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, count)
local found = {}
for _, name in ipairs(slice) do
  local text = redis.pcall('HGET', state_key(name), 'last')
  local last = type(text) == 'string' and integer_of(text) or -1
  if not from or last < from or last == from and name > before_name then found[#found + 1] = { name, last } end
end
table.sort(found, function(one, other)
  if one[2] ~= other[2] then return one[2] > other[2] end
  return one[1] < other[1]
end)
local reply = { #slice == tonumber(count) and slice[#slice] or '' }
for i = 1, math.min(#found, limit) do
  reply[#reply + 1] = found[i][1]
  reply[#reply + 1] = text_of(found[i][2])
end
return reply
