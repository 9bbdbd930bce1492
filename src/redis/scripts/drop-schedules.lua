-- Removes schedules that were moved to another shard, unless they changed after the move.
--
-- Guarantee: a schedule that changed after it was packed is kept, and has to be packed again.
--
-- KEYS
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   groups       text…, 2 a schedule: name, checksum
-- REPLY
--   [for each: `dropped` | `changed`]
local names = unpack(KEYS)
local tag = unpack(ARGV, 1, 1)
-- @include lib/arguments.lua
local groups = rest_of(ARGV, 2)
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/runs.lua
-- @include lib/dump.lua

local function drop(name, checksum)
  local keys, members, current = dump_schedule(name)
  if current ~= checksum then return 'changed' end
  for _, key in ipairs(keys) do redis.call('DEL', tagged_key(key[1])) end
  for _, member in ipairs(members) do
    local queue = string.match(member[1], '^lane:(.*)$')
    if queue then unpark(queue, member[2]) else redis.call('ZREM', tagged_key(member[1]), member[2]) end
  end
  redis.call('ZREM', names, name)
  return 'dropped'
end

local reply = {}
for i = 1, #groups, 2 do reply[#reply + 1] = drop(groups[i], groups[i + 1]) end
return reply
