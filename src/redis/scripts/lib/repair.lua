-- Repairs index keys that another program overwrote with another type: no claim succeeds while they exist. A scan of
-- all schedules then writes their content again, from definitions and states.
-- Needs: lib/keys
local PROBES = { zset = 'ZCARD', set = 'SCARD', hash = 'HGETALL' }

-- Removes keys of another type. Returns the keys that were removed.
local function repair(types)
  local removed = {}
  for key, kind in pairs(types) do
    local found = redis.pcall(PROBES[kind], key)
    if type(found) == 'table' and found.err and string.find(found.err, 'WRONGTYPE', 1, true) then
      redis.call('DEL', key)
      removed[#removed + 1] = key
    end
  end
  return removed
end

-- Repairs the indexes that all schedules of a shard share. Call it only for the own layout: another layout may use
-- these keys differently.
local function repair_shard(worker)
  return repair({ [worker] = 'hash', [due_key()] = 'zset', [pending_key()] = 'zset', [running_key()] = 'zset',
    [names_key()] = 'zset', [inactive_key()] = 'zset', [queues_key()] = 'set' })
end
