-- Redis's clock: whole epoch milliseconds for decisions, and microseconds for the clocks of workers.
local function read_now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
end
