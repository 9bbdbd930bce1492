-- Task queues, `pool\ntask`: due work that no free worker can claim is parked there, where it does not block other
-- work.
-- Needs: lib/keys, lib/numbers
local function queue_of(definition, name)
  return (definition.pool or 'default') .. '\n' .. (definition.task or name)
end

local function task_of(queue) return string.match(queue, '\n(.*)$') end

-- All queues with parked work.
local function read_queues() return redis.call('SMEMBERS', queues_key()) end

-- A run that counts for the fleet-wide limit of a task: `<fence> <run id>`; its score is when its lease is checked,
-- epoch ms.
local function busy_member(run_id, fence) return text_of(fence) .. ' ' .. run_id end

-- Removes a parked member, which begins with its kind: `s` a due schedule, `r` a waiting run.
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
