-- The layout of the keys under this tag, the number of shards, and whether that number is being changed.
-- Needs: lib/notify
local LAYOUT = '1'

-- Returns [generation, layout, shards], and whether the caller may work with them; where nothing is stored, it may.
local function read_layout(meta, shards)
  local about = redis.call('HMGET', meta, 'generation', 'layout', 'shards', 'resharding')
  if about[4] then about[3] = 'resharding ' .. about[4] end
  return about, (about[2] or LAYOUT) == LAYOUT and (about[3] or shards) == shards
end

-- Stores in an empty dataset what the caller expects, and returns the same as `read_layout`.
local function agree_on_layout(meta, shards, generation)
  redis.call('HSETNX', meta, 'layout', LAYOUT)
  redis.call('HSETNX', meta, 'shards', shards)
  if redis.call('HSETNX', meta, 'generation', generation) == 1 then notify_dataset(generation) end
  return read_layout(meta, shards)
end
