-- The plan moves past the instant in hand; where it stands in `due` then is noted for later. Answers what is left of the
-- plan, and how many occurrences were seen.
local function pass_instant(name, state, item, rest, definition)
  local plan = next_plan(item, rest, integer_of(state.period))
  local seen = (integer_of(state.seen) or 0) + 1
  local limit = tonumber(definition.limit)
  if limit and seen >= limit then plan = '.' end
  local upcoming = split_plan(plan)
  if upcoming then
    note_following(name, text_of(upcoming.start))
  elseif plan == '.' then
    local removal = integer_of(redis.call('HGET', state_key(name), 'removal'))
    if removal then
      redis.call('ZADD', due, now + removal, name)
    else
      redis.call('ZREM', due, name)
    end
  else
    redis.call('ZADD', due, now + PLANNING_MS, name)
  end
  moved = true
  return plan, text_of(seen)
end

local function skip_instant(name, state, item, rest, definition, reason)
  local plan, seen = pass_instant(name, state, item, rest, definition)
  redis.call('HSET', state_key(name), 'last', text_of(item.nominal), 'plan', plan, 'seen', seen)
  record(name, { at = item.nominal, outcome = 'skipped', reason = reason,
    run = name .. '@' .. text_of(item.nominal), missed = item.missed })
  skipped[#skipped + 1] = { name, item.nominal, reason }
end
