-- Starts runs: lease, slot, state and indexes. Changes of `due` and `running` are batched, one command for many runs.
-- Needs: due, running, now, deadline, lease_ttl, worker_id, limits, won; lib/arguments, lib/keys,
--   lib/numbers, lib/task-queues
-- Sets: due_changed
local following, deadlines = {}, {}

-- Writes the batched changes. Call it before `due` is read again, and at the end.
local function write_batched()
  if #following > 0 then call_with_all('ZADD', due, following) end
  if #deadlines > 0 then call_with_all('ZADD', running, deadlines) end
  following, deadlines = {}, {}
end

-- Notes the next instant of a schedule for `due`.
local function note_following(name, start)
  local count = #following
  following[count + 1], following[count + 2] = start, name
end

local function next_fence(previous)
  return math.max((integer_of(previous) or 0) + 1, now)
end

local function try_lease(key, fence_text)
  local token = worker_id .. ':' .. fence_text
  local set = redis.call('SET', key, token, 'NX', 'PX', lease_ttl)
  -- A key without a TTL is no lease. It is overwritten, because it would block its schedule for ever.
  if not set and redis.call('PTTL', key) == -1 then return redis.call('SET', key, token, 'PX', lease_ttl) end
  return set
end

-- Counts the run for the fleet-wide limit of its task. Returns the task if it has such a limit.
local function hold_task(queue, run_id, fence)
  if limits[queue] == 0 then return nil end
  local task = task_of(queue)
  redis.call('ZADD', busy_key(task), deadline, busy_member(run_id, fence))
  return task
end

-- Notes the run for `running` and for a repeated call with this request id.
local function note_start(run_id, fence_text)
  local count = #deadlines
  deadlines[count + 1], deadlines[count + 2] = deadline, run_id
  count = #won
  won[count + 1], won[count + 2] = run_id, fence_text
  due_changed = true
end
