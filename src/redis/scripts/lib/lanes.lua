-- What is due but not for this worker, or not yet: it waits in the lane of its task, out of the others' way.
-- Takes away what holds a slot of a task no more: its lease is gone (its worker died, its schedule was removed).
local function prune_busy(busy)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', busy, '-inf', now, 'LIMIT', 0, 20)) do
    local fence, run_id = string.match(member, '^(%d+) (.*)$')
    local name = run_id and name_of(run_id)
    local left = -1
    for _, own in ipairs(name and { true, false } or {}) do
      local lease = run_lease_key(name, run_id, own)
      local token = redis.pcall('GET', lease)
      if type(token) == 'string' and string.match(token, ':(%d+)$') == fence then left = redis.call('PTTL', lease) end
    end
    if left >= 0 then redis.call('ZADD', busy, now + left + 1, member) else redis.call('ZREM', busy, member) end
  end
end

-- How many runs hold a slot of a task.
local function count_busy(task, limit)
  local busy = busy_key(task)
  local count = redis.pcall('ZCARD', busy)
  if type(count) == 'table' then
    redis.call('DEL', busy)
    count = 0
  end
  if count < limit then return count end
  prune_busy(busy)
  return redis.call('ZCARD', busy)
end

-- Below its limit nobody looks at who holds the slots of a task: an idle claim does, so that none is kept for ever.
local function prune_limited_tasks()
  for lane, limit in pairs(mine) do
    local busy = busy_key(task_of(lane))
    if limit > 0 and type(redis.pcall('ZCARD', busy)) == 'number' then prune_busy(busy) end
  end
end

-- A task at its fleet-wide limit waits in its lane; a run that ended, or a worker with the task, looks there.
local function lane_is_open(lane)
  local limit = mine[lane]
  if not limit or rooms[lane] <= 0 then return false end
  if limit == 0 then return true end
  return count_busy(task_of(lane), limit) < limit
end

local function put_aside(lane, member, score)
  set_aside(lane, member, score)
  -- Where the whole fleet has its fill, the run that ends tells of it.
  if not mine[lane] or rooms[lane] <= 0 then set_aside_lanes[lane] = true end
  moved = true
end

-- What other workers put aside for the likes of this one.
local function take_from_lanes(count)
  for _, lane in ipairs(redis.call('SMEMBERS', tag .. ':lanes')) do
    if count <= 0 then return end
    if mine[lane] then
      local room = math.min(count, rooms[lane])
      if mine[lane] > 0 then room = math.min(room, mine[lane] - count_busy(task_of(lane), mine[lane])) end
      local members = room > 0 and redis.pcall('ZRANGE', lane_key(lane), 0, room - 1, 'WITHSCORES') or {}
      for i = 1, #members, 2 do
        local member = members[i]
        leave_lane(lane, member)
        local key = string.sub(member, 1, 1) == 's' and due or pending
        redis.call('ZADD', key, members[i + 1], string.sub(member, 2))
        count = count - 1
      end
      -- More is there than this worker has room for: it looks again when a run of it ends, others may at once.
      if #members > 0 and #members / 2 == rooms[lane] and redis.call('EXISTS', lane_key(lane)) == 1 then
        set_aside_lanes[lane] = true
      end
    end
  end
end
