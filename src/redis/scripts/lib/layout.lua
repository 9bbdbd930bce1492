-- What the keys under this tag are: their layout, how many shards there are, and whether that number is being changed.
local LAYOUT = '1'

-- Answers [generation, layout, shards], and whether the caller may work with them; where nothing is said, it may.
local function read_layout(meta, shards)
  local about = redis.call('HMGET', meta, 'generation', 'layout', 'shards', 'resharding')
  if about[4] then about[3] = 'resharding ' .. about[4] end
  return about, (about[2] or LAYOUT) == LAYOUT and (about[3] or shards) == shards
end

-- Notes in an empty memory what the caller expects, and answers the same.
local function agree_on_layout(meta, shards, generation)
  redis.call('HSETNX', meta, 'layout', LAYOUT)
  redis.call('HSETNX', meta, 'shards', shards)
  if redis.call('HSETNX', meta, 'generation', generation) == 1 then
    redis.call('PUBLISH', channel, 'memory ' .. generation)
  end
  return read_layout(meta, shards)
end
