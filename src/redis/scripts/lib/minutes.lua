-- What becomes of occurrences in the whole fleet, minute by minute: how many of each outcome, lateness and duration, both
-- on a scale of powers of two. A minute has a bounded number of fields, and is gone after a day.
-- Needs: lib/clock, lib/keys
local MINUTE_TTL_MS = 90000000
local LOG_2 = math.log(2)
local minute_counts = {}

-- 0 is less than a millisecond, 1 one, 2 two and three, 3 four to seven, …
local function count_end(outcome, lateness, duration, count)
  local late, took = tonumber(lateness) or 0, tonumber(duration) or 0
  late = late < 1 and 0 or math.min(31, math.floor(math.log(late) / LOG_2 + 1e-9) + 1)
  took = took < 1 and 0 or math.min(31, math.floor(math.log(took) / LOG_2 + 1e-9) + 1)
  local field = outcome .. ':' .. late .. ':' .. took
  minute_counts[field] = (minute_counts[field] or 0) + count
end

-- One command for each kind of end that the call met. A key of another type is left alone: the count is for people.
local function store_counts()
  for field, count in pairs(minute_counts) do
    local key = minute_key(read_now())
    if redis.pcall('HINCRBY', key, field, count) == count then redis.call('PEXPIRE', key, MINUTE_TTL_MS) end
  end
  minute_counts = {}
end
