-- Writes what was packed of a schedule on another shard.
--
-- Guarantee: the same again changes nothing; what stands there under the same names is replaced.
--
-- KEYS
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   key_count    count, of the keys
--   parts        text…, groups of 3: the keys (key without tag, dump, ms left or 0), then members (set, member, score)
-- REPLY
--   count of schedules that this shard has then
local names = unpack(KEYS)
local tag, key_count = unpack(ARGV, 1, 2)
local parts = { unpack(ARGV, 3) }

local first_member = tonumber(key_count) * 3 + 1
for i = 1, first_member - 1, 3 do
  redis.call('RESTORE', tag .. ':' .. parts[i], parts[i + 2], parts[i + 1], 'REPLACE')
end
for i = first_member, #parts, 3 do redis.call('ZADD', tag .. ':' .. parts[i], parts[i + 2], parts[i + 1]) end
return redis.call('ZCARD', names)
