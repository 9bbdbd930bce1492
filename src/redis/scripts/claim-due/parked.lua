-- Parks due work that this worker cannot claim now in its task queue, where it does not block other work.
-- Needs: now, due, pending, limits, capacity; lib/keys, lib/notify, lib/runs, lib/schedule, lib/task-queues
-- Sets: due_changed
-- Removes runs that no longer count for the limit of a task: their lease has ended (the worker died, the schedule was
-- removed).
local function prune_busy(busy)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', busy, '-inf', now, 'LIMIT', 0, 20)) do
    local fence, run_id = string.match(member, '^(%d+) (.*)$')
    local name = run_id and name_of(run_id)
    local left = -1
    for _, own_lease in ipairs(name and { true, false } or {}) do
      local lease = lease_key_of(name, run_id, own_lease)
      local token = redis.pcall('GET', lease)
      if type(token) == 'string' and string.match(token, ':(%d+)$') == fence then left = redis.call('PTTL', lease) end
    end
    if left >= 0 then redis.call('ZADD', busy, now + left + 1, member) else redis.call('ZREM', busy, member) end
  end
end

-- The number of runs that count for the limit of a task.
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

-- Checks the runs that count for the limits of tasks. Only a claim that won nothing does so, which suffices to remove
-- each dead entry.
local function prune_limited_tasks()
  for queue, limit in pairs(limits) do
    local busy = busy_key(task_of(queue))
    if limit > 0 and type(redis.pcall('ZCARD', busy)) == 'number' then prune_busy(busy) end
  end
end

local announced_queues = {}

local function park(queue, member, score)
  local added = redis.pcall('ZADD', parked_key(queue), score, member)
  if type(added) == 'table' and added.err then
    redis.call('DEL', parked_key(queue))
    redis.call('ZADD', parked_key(queue), score, member)
  end
  redis.call('SADD', queues_key(), queue)
  -- If the task is at its fleet-wide limit, the end of a run announces the queue.
  if not limits[queue] or capacity[queue] <= 0 then announced_queues[queue] = true end
  due_changed = true
end

-- Moves parked work of this worker's task queues back into `due` and `pending`.
local function unpark_own_work(queues, count)
  for _, queue in ipairs(queues) do
    if count <= 0 then return end
    if limits[queue] then
      local room = math.min(count, capacity[queue])
      if limits[queue] > 0 then room = math.min(room, limits[queue] - count_busy(task_of(queue), limits[queue])) end
      local members = room > 0 and redis.pcall('ZRANGE', parked_key(queue), 0, room - 1, 'WITHSCORES') or {}
      for i = 1, #members, 2 do
        local member = members[i]
        unpark(queue, member)
        local key = string.sub(member, 1, 1) == 's' and due or pending
        redis.call('ZADD', key, members[i + 1], string.sub(member, 2))
        count = count - 1
      end
      -- More work is parked than this worker has slots for. It claims again when a run ends; other workers may claim
      -- now.
      if #members > 0 and #members / 2 == capacity[queue] and redis.call('EXISTS', parked_key(queue)) == 1 then
        announced_queues[queue] = true
      end
    end
  end
end

-- Announces parked work to workers with free slots.
local function announce_parked()
  for queue in pairs(announced_queues) do notify_parked(queue) end
end
