-- Task queues, `pool\ntask`: due work that no free worker can take is parked there, out of the way of other work.
-- Needs: lib/keys, lib/numbers
local function queue_of(definition, name)
  return (definition.pool or 'default') .. '\n' .. (definition.task or name)
end

local function task_of(queue) return string.match(queue, '\n(.*)$') end

-- All queues with parked work.
local function read_queues() return redis.call('SMEMBERS', queues_key()) end

-- Runs that count for the fleet-wide limit of a task: `<fence> <run id>`, scored by when to check their lease, epoch ms.
local function busy_member(run_id, fence) return text_of(fence) .. ' ' .. run_id end

-- Parked members carry their kind: `s` a schedule that is due, `r` a run that waits to be delivered.
local function unpark(queue, member)
  if redis.pcall('ZREM', parked_key(queue), member) == 1 and redis.call('EXISTS', parked_key(queue)) == 0 then
    redis.call('SREM', queues_key(), queue)
  end
end

local function unpark_everywhere(member)
  for _, queue in ipairs(read_queues()) do unpark(queue, member) end
end

local function is_parked(member)
  for _, queue in ipairs(read_queues()) do
    if type(redis.pcall('ZSCORE', parked_key(queue), member)) == 'string' then return true end
  end
  return false
end
