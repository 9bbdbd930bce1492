-- A plan is text: instants separated by a space, each `nominal[+delay][c<missed>]`, ended by `.` when nothing follows.
-- `c` marks a catch-up run, with the number of other missed occurrences that it makes up for.
-- Needs: lib/numbers
local SPACE = 32

-- Returns nominal instant, start, missed and catch-up of the first instant of a plan, and the rest of the plan; nothing
-- if no instant is planned. Every claim calls it, so it returns values and creates no table.
local function first_instant(plan)
  if not plan or plan == '' then return nil end
  local stop = string.find(plan, '%D')
  -- Most instants are digits alone, and most plans hold one instant.
  if not stop or stop > 1 and string.byte(plan, stop) == SPACE then
    local on_time = number_of(stop and string.sub(plan, 1, stop - 1) or plan)
    return on_time, on_time, 0, false, stop and string.sub(plan, stop + 1) or ''
  end
  local head, rest = string.match(plan, '^(%S+) ?(.*)$')
  if not head then return nil end
  local nominal, delay, missed = string.match(head, '^(%-?%d+)%+?(%d*)c?(%d*)$')
  if not nominal then return nil end
  nominal = tonumber(nominal)
  local catch_up = missed ~= '' or string.find(head, 'c', 1, true) ~= nil
  return nominal, nominal + (tonumber(delay) or 0), tonumber(missed) or 0, catch_up, rest
end

-- Returns the first instant as a table, nil if none is planned, and the rest of the plan.
local function split_plan(plan)
  local nominal, start, missed, catch_up, rest = first_instant(plan)
  if not nominal then return nil, '' end
  return { nominal = nominal, start = start, catch_up = catch_up, missed = missed }, rest
end

-- The plan without its first instant; a plan with a period continues by addition.
local function next_plan(item, rest, period)
  if rest == '' and period then return text_of(item.nominal + period) end
  return rest
end

local function last_nominal(plan)
  return tonumber(string.match(plan, '(%-?%d+)[+%dc]*$'))
end

-- Adds instants that were computed after the instant `after`, if the plan still ends with it; nil if it does not.
local function extend_plan(state, digest, after, more)
  if state.digest ~= digest or state.paused then return nil end
  local plan = state.plan or ''
  local ends_at = plan == '' and integer_of(state.last) or last_nominal(plan)
  if plan == '.' or ends_at ~= tonumber(after) then return nil end
  return plan == '' and more or plan .. ' ' .. more
end
