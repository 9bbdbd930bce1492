-- The index of inactive schedules, by reason, so that no program reads all states to count them.
-- Needs: lib/keys
-- The scores of the index.
local PAUSED, FINISHED, INVALID = 1, 2, 3

-- A key of another type is left to the repair: the index serves people only, and its errors stop no claim.
local function note_inactive(name, why) redis.pcall('ZADD', inactive_key(), why, name) end
