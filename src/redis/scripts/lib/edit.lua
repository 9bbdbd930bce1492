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
