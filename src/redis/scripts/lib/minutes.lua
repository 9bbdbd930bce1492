-- The activity of the whole fleet by minute: the number of ends by outcome, lateness and duration, both on a scale of
-- powers of two. A minute has a bounded number of fields and expires after a day.
-- Needs: lib/clock, lib/keys, lib/numbers
local MINUTE_TTL_MS = '90000000'

-- Step 0 of the scale is less than a millisecond, 1 is one, 2 is two and three, 3 is four to seven, …
local function step_of(text)
  local rest, step = tonumber(text) or 0, 0
  while rest >= 1 and step < 31 do rest, step = rest / 2, step + 1 end
  return text_of(step)
end

-- The field is `<outcome>:<lateness>:<duration>`; `src/redis/stores/settlement-arguments.ts` makes the same one. A key of
-- another type is left alone: the count is for people.
local function count_end(outcome, lateness, duration, count)
  local minute = minute_key(read_now())
  local field = outcome .. ':' .. step_of(lateness) .. ':' .. step_of(duration)
  local after = redis.pcall('HINCRBY', minute, field, text_of(count))
  if after == count then redis.call('PEXPIRE', minute, MINUTE_TTL_MS) end
end
