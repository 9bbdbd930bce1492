-- The instant in hand, and what is left of the plan behind it. Values and no tables: every claim comes this way.
-- Needs: due, now, PLANNING_MS; claim-due/start, lib/inactive, lib/keys, lib/numbers, lib/plan
-- Sets: due_changed
-- Nominal, start, missed, catch-up and the plan behind it; nothing where no instant is planned.
local function first_instant(plan)
  if not plan or plan == '' then return nil end
  local head, rest = plan, ''
  if string.find(plan, '%D') then head, rest = string.match(plan, '^(%S+) ?(.*)$') end
  if not head then return nil end
  if not string.find(head, '%D') then
    local nominal = number_of(head)
    return nominal, nominal, 0, false, rest
  end
  local item = split_plan(head)
  if not item then return nil end
  return item.nominal, item.start, item.missed, item.catch_up, rest
end

-- No instant is left: a finished schedule waits for its removal, any other for a worker that plans it.
local function schedule_no_instant(name, plan)
  if plan ~= '.' then return redis.call('ZADD', due, now + PLANNING_MS, name) end
  note_inactive(name, FINISHED)
  local removal = integer_of(redis.call('HGET', state_key(name), 'removal'))
  if removal then return redis.call('ZADD', due, now + removal, name) end
  redis.call('ZREM', due, name)
end

-- The limit of a schedule is reached: no instant of its plan is claimed any more.
local function finish(name)
  redis.call('HSET', state_key(name), 'plan', '.')
  schedule_no_instant(name, '.')
  due_changed = true
end

-- Moves a schedule past an instant: `due` gets its next one with the other batched changes. Returns the plan that is left
-- and how many occurrences count towards the limit.
local function advance(name, nominal, rest, period, seen, limit)
  local left, following = rest, nil
  local step = rest == '' and integer_of(period)
  local count = (integer_of(seen) or 0) + 1
  if limit and count >= (tonumber(limit) or math.huge) then
    left = '.'
  elseif step then
    left = text_of(nominal + step)
    following = left
  else
    local _, start = first_instant(rest)
    following = start and text_of(start)
  end
  if following then note_following(name, following) else schedule_no_instant(name, left) end
  due_changed = true
  return left, text_of(count)
end
