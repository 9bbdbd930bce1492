-- Reads all that belongs to schedules, for their move to another shard.
--
-- Guarantee: nothing is written; all parts of a schedule are of one moment, and its checksum shows a later change.
--
-- KEYS
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   most         bytes, after which no further schedule is read
--   given        text…, schedules
-- REPLY
--   [for each schedule that was read: [name, checksum, [key without tag, dump, remaining ms or 0]…, [index, member,
--   score]…]]
local names = unpack(KEYS)
local tag, most = unpack(ARGV, 1, 2)
-- @include lib/arguments.lua
local given = rest_of(ARGV, 3)
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/runs.lua
-- @include lib/dump.lua

most = tonumber(most)
local reply, size = {}, 0
for _, name in ipairs(given) do
  if size > most then return reply end
  local keys, members, checksum = dump_schedule(name)
  for _, key in ipairs(keys) do size = size + #key[2] end
  local moved = {}
  for i, member in ipairs(members) do moved[i] = { member[4], member[5], member[3] } end
  -- A schedule that was written by plain commands may be missing in `names`; the move adds it.
  if not redis.call('ZSCORE', names, name) then moved[#moved + 1] = { 'names', name, '0' } end
  reply[#reply + 1] = { name, checksum, keys, moved }
end
return reply
