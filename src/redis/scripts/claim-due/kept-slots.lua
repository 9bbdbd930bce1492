-- Divides the slots of a call between due schedules and waiting runs.
-- Needs: due, pending, slots
-- The number of slots that are kept for waiting runs: a quarter. Of fewer than four slots, one is kept if a run waits
-- longer than any due schedule.
local function count_kept_slots(ready)
  if slots >= 4 then return math.min(ready, math.floor(slots / 4)) end
  local first_due = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
  local first_pending = redis.call('ZRANGE', pending, 0, 0, 'WITHSCORES')
  return (not first_due[2] or tonumber(first_pending[2]) < tonumber(first_due[2])) and 1 or 0
end
