-- When somebody has to look next: the earliest of what is due and what waits to be delivered, and how many are due then.
local function read_head()
  local due = redis.call('ZRANGE', tag .. ':due', 0, 0, 'WITHSCORES')
  local pending = redis.call('ZRANGE', tag .. ':pending', 0, 0, 'WITHSCORES')
  local head, count = -1, 0
  if due[2] then
    head = tonumber(due[2])
    count = redis.call('ZCOUNT', tag .. ':due', due[2], head + 2)
  end
  if pending[2] and (head < 0 or tonumber(pending[2]) < head) then
    head = tonumber(pending[2])
    count = 1
  end
  return head, count
end

local function announce_head()
  local head, count = read_head()
  redis.call('PUBLISH', channel, 'head ' .. string.format('%.0f', head) .. ' ' .. count)
  return head, count
end

-- Tells the fleet only when this schedule comes first: a hundred thousand writes must not be a hundred thousand alarms.
local function announce_if_first(name)
  local first = redis.call('ZRANGE', tag .. ':due', 0, 0)
  if first[1] == name then announce_head() end
end
