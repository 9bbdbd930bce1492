-- Stores the version of an owner's declarations, unless a higher one is stored.
--
-- Guarantee: of two versions that are deployed side by side the higher one wins, whatever the order of their calls.
--
-- KEYS
--   meta         hash, layout version, shard count, generation
-- ARGV
--   owner        text
--   version      text, numbers with dots
--   dry_run      0/1, only compare
-- REPLY
--   `current` or `outdated`
local meta = unpack(KEYS)
local owner, version, dry_run = unpack(ARGV)

local field = 'version:' .. owner
local stored = redis.call('HGET', meta, field) or ''
local function parts_of(text)
  local parts = {}
  for digits in string.gmatch(text, '%d+') do parts[#parts + 1] = tonumber(digits) end
  return parts
end
local ours, theirs = parts_of(version), parts_of(stored)
for i = 1, math.max(#ours, #theirs) do
  local mine, other = ours[i] or 0, theirs[i] or 0
  if mine < other then return 'outdated' end
  if mine > other then break end
end
if dry_run == '0' then redis.call('HSET', meta, field, version) end
return 'current'
