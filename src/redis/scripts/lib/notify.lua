-- Messages to the fleet: each is made here and nowhere else (`src/redis/notify/fleet-channel.ts` reads them).
-- Needs: channel
-- A server that refuses `PUBLISH` in scripts has a fleet that looks by itself: messages are hints.
local function notify(message)
  local name, database = string.match(channel, '^(.*)\n(%d+)$')
  -- Channels know no databases: a message of another one than 0 says which it is of.
  redis.pcall('PUBLISH', name or channel, database and 'db' .. database .. ' ' .. message or message)
end

-- The earliest instant that is due or pending, epoch ms, and for how many; a count of 0 says that there is none.
local function notify_next_due(instant, count) notify('head ' .. string.format('%.0f', instant) .. ' ' .. count) end

-- Work of this task queue is parked, and a worker with the task may take it.
local function notify_parked(queue) notify('lane ' .. queue) end

-- Schedules were written, paused, resumed or removed; several names are joined by newlines.
local function notify_changed(names) notify('changed ' .. names) end

-- This dataset is new: what code declared has to be written again.
local function notify_dataset(generation) notify('memory ' .. generation) end

-- The worker must stop this run; `kind` is `cancelled` or `replaced`.
local function notify_cancel(worker_of_run, kind, run_id)
  notify('cancel ' .. worker_of_run .. ' ' .. kind .. ' ' .. run_id)
end

local function notify_joined(id, fleet_size) notify('joined ' .. id .. ' ' .. fleet_size) end
local function notify_left(id) notify('left ' .. id) end

-- The echo of a heartbeat: a worker that does not hear it knows that its subscription is dead.
local function notify_echo(worker) redis.pcall('PUBLISH', worker, 'beat') end
