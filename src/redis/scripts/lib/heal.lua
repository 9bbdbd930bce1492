-- Keys of the engine that somebody overwrote with another type: nobody could claim as long as they stand there. What
-- they held is put back from the definitions and states by a walk over all schedules.
local PROBES = { zset = 'ZCARD', set = 'SCARD', hash = 'HGETALL' }

-- Removes what is of another type. Answers the keys that were removed.
local function heal(types)
  local healed = {}
  for key, kind in pairs(types) do
    local found = redis.pcall(PROBES[kind], key)
    if type(found) == 'table' and found.err and string.find(found.err, 'WRONGTYPE', 1, true) then
      redis.call('DEL', key)
      healed[#healed + 1] = key
    end
  end
  return healed
end

-- The indexes that all schedules of a shard share. Only where the layout is ours: another one may use them otherwise.
local function heal_shard(worker)
  return heal({ [worker] = 'hash', [tag .. ':due'] = 'zset', [tag .. ':pending'] = 'zset',
    [tag .. ':running'] = 'zset', [tag .. ':names'] = 'zset', [tag .. ':lanes'] = 'set' })
end
