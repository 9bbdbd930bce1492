-- The plan behind an instant that is taken.
-- Needs: lib/numbers, lib/plan
-- Returns the plan that is left, how many occurrences count towards the limit, and when the schedule is due next, as text;
-- nil where no instant is left.
local function behind_instant(nominal, rest, period, seen, limit)
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
  return left, text_of(count), following
end
