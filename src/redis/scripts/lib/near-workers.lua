-- The announcement of the next due in a large fleet. Only the workers near an instant of few schedules expect it
-- (`src/worker/loop/claim-stagger.ts`), so only they get the message, on their own channels: a message to each of a thousand
-- workers would cost Redis more than the fire.
-- Needs: lib/keys, lib/notify
-- A fleet with more workers is large.
local LARGE_FLEET = 100
-- Most schedules of an instant that only the workers near it expect.
local FEW_COUNT = 16
-- Number of backups near an instant.
local NEAR_BACKUPS = 15
-- A prime that spreads instants over the ranks.
local SPREAD_PRIME = 1000003

-- `before`: the instant that the fleet expects until now, epoch ms, and the number of schedules that share it.
local function announce_to_near(before, before_count, instant, count)
  local size = redis.call('ZCARD', ranks_key())
  if size <= LARGE_FLEET or count > FEW_COUNT then return notify_next_due(instant, count) end
  local stride = math.floor(size / (FEW_COUNT + NEAR_BACKUPS))
  local channels, is_near = {}, {}
  local function add_near(at, needed)
    local spin = math.floor(at / 10) % SPREAD_PRIME
    local first = spin * spin % SPREAD_PRIME % size
    for position = 0, needed + NEAR_BACKUPS - 1 do
      local rank = (first + position * stride) % size
      local id = redis.call('ZRANGE', ranks_key(), rank, rank)[1]
      if id and not is_near[id] then channels[#channels + 1] = worker_key(id) end
      if id then is_near[id] = true end
    end
  end
  add_near(before, before_count)
  if count > 0 then add_near(instant, count) end
  notify_next_due(instant, count, channels)
end
