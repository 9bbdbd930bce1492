-- Removes schedules that were carried to another shard, each only if it still is what was carried.
--
-- Guarantee: what changed after it was packed stays, and is to be packed again; nothing is removed that is not there.
--
-- KEYS
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   groups       text…, 2 a schedule: name, seal
-- REPLY
--   [for each: `dropped` | `changed`]
local names = unpack(KEYS)
local tag = unpack(ARGV, 1, 1)
local groups = { unpack(ARGV, 2) }
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/ledger.lua
-- @include lib/runs.lua
-- @include lib/bundle.lua

local function drop(name, seal)
  local keys, members, current = bundle_of(name)
  if current ~= seal then return 'changed' end
  for _, key in ipairs(keys) do redis.call('DEL', tag .. ':' .. key[1]) end
  for _, member in ipairs(members) do
    local lane = string.match(member[1], '^lane:(.*)$')
    if lane then leave_lane(lane, member[2]) else redis.call('ZREM', tag .. ':' .. member[1], member[2]) end
  end
  redis.call('ZREM', names, name)
  return 'dropped'
end

local reply = {}
for i = 1, #groups, 2 do reply[#reply + 1] = drop(groups[i], groups[i + 1]) end
return reply
