-- The plan after a claimed instant.
-- Needs: lib/numbers, lib/plan
-- Returns the rest of the plan, the number of occurrences that count towards the limit, and the next instant as text;
-- nil if no instant is left.
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
    local stop = string.find(rest, '%D')
    if stop and stop > 1 and string.byte(rest, stop) == SPACE then
      following = string.sub(rest, 1, stop - 1)
    else
      local _, start = first_instant(rest)
      following = start and text_of(start)
    end
  end
  return left, text_of(count), following
end
