-- The one clock: Redis's own, in whole epoch milliseconds to decide by, and in microseconds to set clocks by.
local function read_now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
end
