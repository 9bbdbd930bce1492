-- Whether two fingerprints are of the same rule, apart from what limits it: then the count of its limit goes on.
local function is_same_rule(one, other)
  return one ~= nil and string.match(one, '^[^;]*') == string.match(other, '^[^;]*')
end

-- An edit may have made what was put aside claimable by others: it comes up again where everybody looks.
local function leave_all_lanes(name, state, now)
  for _, lane in ipairs(redis.call('SMEMBERS', tag .. ':lanes')) do
    if redis.pcall('ZSCORE', lane_key(lane), 's' .. name) then
      leave_lane(lane, 's' .. name)
      if not state.paused then redis.call('ZADD', due, now, name) end
    end
    for field in pairs(state) do
      if string.sub(field, 1, 4) == 'run:' and redis.pcall('ZSCORE', lane_key(lane), 'r' .. string.sub(field, 5)) then
        leave_lane(lane, 'r' .. string.sub(field, 5))
        redis.call('ZADD', tag .. ':pending', now, string.sub(field, 5))
      end
    end
  end
end

-- What was due under the former trigger, and nobody claimed, is closed with it: an edit makes up for nothing.
local function close_overdue(name, state, now, reason)
  local item, rest = split_plan(state.plan)
  while item and item.nominal <= now do
    local period = rest == '' and tonumber(state.period)
    local count = period and math.floor((now - item.nominal) / period) + 1 or 1
    record(name, { at = item.nominal, outcome = 'skipped', reason = reason, missed = item.missed, count = count,
      to = count > 1 and string.format('%.0f', item.nominal + (count - 1) * period) or nil,
      run = name .. '@' .. string.format('%.0f', item.nominal) })
    item, rest = split_plan(rest)
  end
end
