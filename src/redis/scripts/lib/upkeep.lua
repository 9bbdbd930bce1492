-- The shared upkeep of a shard: one worker of the fleet at a time.
local function elect_for_upkeep(upkeep, beat_ms)
  local ttl = math.floor(beat_ms * 0.9)
  if redis.call('SET', upkeep, worker_id, 'NX', 'PX', ttl) then return 1 end
  -- The lock always has an end; a key without one is not the lock, and would be in the way for ever.
  if redis.call('PTTL', upkeep) ~= -1 then return 0 end
  redis.call('SET', upkeep, worker_id, 'PX', ttl)
  return 1
end

-- Cancelled runs that their worker may not have heard of.
local function take_cancels(worker)
  local cancels = redis.pcall('HGET', worker, 'cancels')
  if type(cancels) == 'table' then
    redis.call('DEL', worker)
    cancels = false
  end
  if cancels then redis.call('HDEL', worker, 'cancels') end
  return cancels or ''
end
