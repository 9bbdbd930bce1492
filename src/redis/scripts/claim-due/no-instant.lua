-- Handles a schedule whose plan has no further instant, and a schedule that passes an instant without a run.
-- Needs: due, now, PLANNING_MS; claim-due/instant, claim-due/start, lib/inactive, lib/keys, lib/numbers
-- Sets: due_changed
-- Called when no instant is left: a finished schedule waits for its removal, any other schedule for a worker that plans
-- it.
local function schedule_no_instant(name, plan)
  if plan ~= '.' then return redis.call('ZADD', due, now + PLANNING_MS, name) end
  note_inactive(name, FINISHED)
  local removal = integer_of(redis.call('HGET', state_key(name), 'removal'))
  if removal then return redis.call('ZADD', due, now + removal, name) end
  redis.call('ZREM', due, name)
end

-- Finishes a schedule whose limit is reached: no further instant of its plan is claimed.
local function finish(name)
  redis.call('HSET', state_key(name), 'plan', '.')
  schedule_no_instant(name, '.')
  due_changed = true
end

-- Moves a schedule past an instant; its next instant is written to `due` with the other batched changes. Returns the
-- rest of the plan and the number of occurrences that count towards the limit.
local function advance(name, nominal, rest, period, seen, limit)
  local left, count, following = behind_instant(nominal, rest, period, seen, limit)
  if following then note_following(name, following) else schedule_no_instant(name, left) end
  due_changed = true
  return left, count
end
