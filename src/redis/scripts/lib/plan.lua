-- A plan is text: instants apart by a space, each `nominal[+delay][c<missed>]`, closed by `.` when nothing follows.
-- `c` marks a catch-up run, with the number of other missed occurrences that it makes up for.
-- Needs: lib/numbers
local function instant_on_time(digits)
  local nominal = number_of(digits)
  return { nominal = nominal, start = nominal, catch_up = false, missed = 0 }
end

-- The first instant of a plan, nil where it has none, and the text behind it.
local function split_plan(plan)
  -- Most plans are one instant.
  if plan and plan ~= '' and not string.find(plan, '%D') then return instant_on_time(plan), '' end
  local head, rest = string.match(plan or '', '^(%S+) ?(.*)$')
  if not head or head == '.' then return nil, '' end
  if not string.find(head, '%D') then return instant_on_time(head), rest end
  local nominal, delay, missed = string.match(head, '^(%-?%d+)%+?(%d*)c?(%d*)$')
  if not nominal then return nil, '' end
  nominal = tonumber(nominal)
  return {
    nominal = nominal,
    start = nominal + (tonumber(delay) or 0),
    catch_up = missed ~= '' or string.find(head, 'c', 1, true) ~= nil,
    missed = tonumber(missed) or 0,
  }, rest
end

-- The plan without its first instant; a plan with a period goes on by addition.
local function next_plan(item, rest, period)
  if rest == '' and period then return text_of(item.nominal + period) end
  return rest
end

local function last_nominal(plan)
  return tonumber(string.match(plan, '(%-?%d+)[+%dc]*$'))
end

-- Adds instants that were computed after `after`, if the plan (or the schedule) still ends there. Nil if it does not.
local function extend_plan(state, digest, after, more)
  if state.digest ~= digest or state.paused then return nil end
  local plan = state.plan or ''
  local ends_at = plan == '' and integer_of(state.last) or last_nominal(plan)
  if plan == '.' or ends_at ~= tonumber(after) then return nil end
  return plan == '' and more or plan .. ' ' .. more
end
