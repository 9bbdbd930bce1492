-- Writes a schedule that was packed on another shard.
--
-- Guarantee: a repeated call changes nothing; keys of the same names are replaced.
--
-- KEYS
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   key_count    count, of the keys
--   parts        text…, groups of 3: the keys (key without tag, dump, ms left or 0), then members (set, member, score)
-- REPLY
--   the number of schedules on this shard
local names = unpack(KEYS)
local tag, key_count = unpack(ARGV, 1, 2)
-- @include lib/arguments.lua
local parts = rest_of(ARGV, 3)
-- @include lib/keys.lua

local first_member = tonumber(key_count) * 3 + 1
for i = 1, first_member - 1, 3 do
  redis.call('RESTORE', tagged_key(parts[i]), parts[i + 2], parts[i + 1], 'REPLACE')
end
for i = first_member, #parts, 3 do redis.call('ZADD', tagged_key(parts[i]), parts[i + 2], parts[i + 1]) end
return redis.call('ZCARD', names)
