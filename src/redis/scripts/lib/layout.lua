-- The layout of the keys under this tag, and the number of shards, or `resharding` with both numbers during a change.
-- Needs: lib/notify
local LAYOUT = '1'

-- Returns [generation, layout, shards], and whether the caller may work with them, as it may if nothing is stored.
local function read_layout(meta, shards)
  local about = redis.call('HMGET', meta, 'generation', 'layout', 'shards', 'resharding')
  if about[4] then about[3] = 'resharding ' .. about[4] end
  return about, (about[2] or LAYOUT) == LAYOUT and (about[3] or shards) == shards
end

-- Stores the expected values in an empty dataset, and returns the same as `read_layout`.
local function agree_on_layout(meta, shards, generation)
  redis.call('HSETNX', meta, 'layout', LAYOUT)
  redis.call('HSETNX', meta, 'shards', shards)
  if redis.call('HSETNX', meta, 'generation', generation) == 1 then notify_dataset(generation) end
  return read_layout(meta, shards)
end
