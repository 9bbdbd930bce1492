-- Stores the version of the code that declares the schedules of an owner.
--
-- Guarantee: a compare-and-set, so that neither of two versions that are deployed at the same time overwrites the other
-- unnoticed.
--
-- KEYS
--   meta         hash, layout version, shard count, generation
-- ARGV
--   owner        text
--   version      text
--   previous     text, the version it is compared with, '' none
-- REPLY
--   `stored` or `moved`
local meta = unpack(KEYS)
local owner, version, previous = unpack(ARGV)

local field = 'version:' .. owner
if (redis.call('HGET', meta, field) or '') ~= previous then return 'moved' end
redis.call('HSET', meta, field, version)
return 'stored'
