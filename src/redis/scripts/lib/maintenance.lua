-- Elects the one worker of the fleet that does the maintenance of a shard.
-- Needs: worker_id
local function elect_for_maintenance(upkeep, beat_ms)
  local turn_ms = math.floor(beat_ms * 0.9)
  -- A lock with an excessive TTL (Redis's clock was set back) or without one is removed, because it would block the
  -- maintenance.
  local left = redis.call('PTTL', upkeep)
  if left == -1 or left > turn_ms then redis.call('DEL', upkeep) end
  return redis.call('SET', upkeep, worker_id, 'NX', 'PX', turn_ms) and 1 or 0
end

-- Takes the cancelled runs of a worker, which may have missed the message.
local function take_cancels(worker)
  local cancels = redis.pcall('HGET', worker, 'cancels')
  if type(cancels) == 'table' then
    redis.call('DEL', worker)
    cancels = false
  end
  if cancels then redis.call('HDEL', worker, 'cancels') end
  return cancels or ''
end
