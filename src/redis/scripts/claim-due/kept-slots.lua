-- How the slots of a call are shared between what is due and what waits to be delivered.
-- Needs: due, pending, slots
-- Slots that are kept for what waits to be delivered; of few slots, the one that waits longer gets the first.
local function count_kept_slots(ready)
  if slots >= 4 then return math.min(ready, math.floor(slots / 4)) end
  local first_due = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
  local first_pending = redis.call('ZRANGE', pending, 0, 0, 'WITHSCORES')
  return (not first_due[2] or tonumber(first_pending[2]) < tonumber(first_due[2])) and 1 or 0
end
