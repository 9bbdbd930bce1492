-- The plan moves past the instant in hand. Answers the fields to write; `due` is moved here.
local function pass_instant(name, state, item, rest, definition)
  local plan = next_plan(item, rest, integer_of(state.period))
  local seen = (integer_of(state.seen) or 0) + 1
  local limit = tonumber(definition.limit)
  if limit and seen >= limit then plan = '.' end
  local following = split_plan(plan)
  if following then
    redis.call('ZADD', due, text_of(following.start), name)
  elseif plan == '.' then
    local removal = integer_of(state.removal)
    if removal then
      redis.call('ZADD', due, now + removal, name)
    else
      redis.call('ZREM', due, name)
    end
  else
    redis.call('ZADD', due, now + PLANNING_MS, name)
  end
  moved = true
  return { 'last', text_of(item.nominal), 'plan', plan, 'seen', text_of(seen) }, plan
end

local function skip_instant(name, state, item, rest, definition, reason)
  local changes = pass_instant(name, state, item, rest, definition)
  redis.call('HSET', state_key(name), unpack(changes))
  record(name, { at = item.nominal, outcome = 'skipped', reason = reason,
    run = name .. '@' .. text_of(item.nominal), missed = item.missed })
  skipped[#skipped + 1] = { name, item.nominal, reason }
end
