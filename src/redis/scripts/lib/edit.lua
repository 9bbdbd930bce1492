-- The effects of an edit of a definition on its schedule.
-- Needs: due; lib/history, lib/keys, lib/plan, lib/schedule, lib/task-queues
-- The rule of a fingerprint, without its bounds. An edit that keeps the rule keeps the count towards the limit.
local function rule_of(trigger) return string.match((trigger or '') .. '; ', '^(.-); ') end

-- The rule for which `seen` counts: that of the trigger, or of the last trigger while the schedule is disabled.
local function counted_rule(state) return state.trigger and rule_of(state.trigger) or state.rule end

-- Unparks the work of an edited schedule, because other workers may be able to claim it.
local function unpark_all_work(name, state, now)
  for _, queue in ipairs(read_queues()) do
    if redis.pcall('ZSCORE', parked_key(queue), 's' .. name) then
      unpark(queue, 's' .. name)
      if not state.paused then redis.call('ZADD', due, now, name) end
    end
    for field in pairs(state) do
      local run_id = run_id_of(field)
      if run_id and redis.pcall('ZSCORE', parked_key(queue), 'r' .. run_id) then
        unpark(queue, 'r' .. run_id)
        redis.call('ZADD', pending_key(), now, run_id)
      end
    end
  end
end

-- Skips the occurrences of the previous trigger that are due and not claimed: an edit makes up for nothing.
local function skip_overdue(name, state, now, reason)
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
