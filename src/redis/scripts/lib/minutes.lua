-- What becomes of occurrences in the whole fleet, minute by minute: how many of each outcome, lateness and duration, both
-- on a scale of powers of two. A minute has a bounded number of fields, and is gone after a day.
-- Needs: lib/clock, lib/keys, lib/numbers
local MINUTE_TTL_MS = '90000000'
-- Lua 5.4 has none, and servers with it run this.
local frexp = math.frexp or function(number)
  local rest, exponent = math.abs(number), 0
  while rest >= 1 and exponent < 32 do rest, exponent = rest / 2, exponent + 1 end
  return rest, exponent
end
-- How many ended, by the name of their field: `<outcome>:<lateness>:<duration>`; and these names by what they are made of,
-- for most runs of a call take the same few milliseconds.
local ended, field_names = {}, {}

-- On the scale 0 is less than a millisecond, 1 one, 2 two and three, 3 four to seven, …
local function count_end(outcome, lateness, duration, count)
  local exact = outcome .. ':' .. (lateness or '') .. ':' .. (duration or '')
  local field = field_names[exact]
  if not field then
    local _, late = frexp(tonumber(lateness) or 0)
    local _, took = frexp(tonumber(duration) or 0)
    if late > 31 or late < 0 then late = late < 0 and 0 or 31 end
    if took > 31 or took < 0 then took = took < 0 and 0 or 31 end
    field = outcome .. ':' .. text_of(late) .. ':' .. text_of(took)
    field_names[exact] = field
  end
  ended[field] = (ended[field] or 0) + count
end

-- One command for each kind of end that the call met. A key of another type is left alone: the count is for people.
-- `now`: epoch ms where the script knows it.
local function store_counts(now)
  local key
  for field, count in next, ended do
    key = key or minute_key(now or read_now())
    if redis.pcall('HINCRBY', key, field, text_of(count)) == count then redis.call('PEXPIRE', key, MINUTE_TTL_MS) end
    -- A field may be taken out while the table is walked.
    ended[field] = nil
  end
end
