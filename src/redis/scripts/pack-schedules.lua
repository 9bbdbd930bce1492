-- Reads schedules as they can be carried to another shard: everything that belongs to each of them.
--
-- Guarantee: nothing is written; what is read of a schedule stood together, and its seal tells when it has changed.
--
-- KEYS
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   most         bytes, after which no further schedule is begun
--   given        text…, schedules
-- REPLY
--   [for each, as far as the bytes go: [name, seal, [key without tag, dump, ms left or 0]…, [set, member, score]…]]
local names = unpack(KEYS)
local tag, most = unpack(ARGV, 1, 2)
local given = { unpack(ARGV, 3) }
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/ledger.lua
-- @include lib/runs.lua
-- @include lib/bundle.lua

most = tonumber(most)
local reply, size = {}, 0
for _, name in ipairs(given) do
  if size > most then return reply end
  local keys, members, seal = bundle_of(name)
  for _, key in ipairs(keys) do size = size + #key[2] end
  local carried = {}
  for i, member in ipairs(members) do carried[i] = { member[4], member[5], member[3] } end
  -- One that somebody wrote by hand is not among the names yet; on the other side it is.
  if not redis.call('ZSCORE', names, name) then carried[#carried + 1] = { 'names', name, '0' } end
  reply[#reply + 1] = { name, seal, keys, carried }
end
return reply
