-- The one clock: Redis's own, in epoch milliseconds.
local function read_now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
