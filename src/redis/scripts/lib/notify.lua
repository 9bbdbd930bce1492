-- The messages to the fleet. No other file builds one; `src/redis/notify/fleet-channel.ts` reads them.
-- Needs: channel; lib/numbers
-- Messages are hints: on a server that refuses `PUBLISH` in scripts, workers rely on their timers and polls.
local function notify(message)
  local name, database = string.match(channel, '^(.*)\n(%d+)$')
  -- Channels are shared by all databases, so a message of a database other than 0 names it.
  redis.pcall('PUBLISH', name or channel, database and 'db' .. database .. ' ' .. message or message)
end

-- The next due: the instant, epoch ms, and the number of schedules that share it; 0: nothing is due. `channels`: those
-- of the workers that need the message, if not all do.
local function notify_next_due(instant, count, channels)
  local about = text_of(instant) .. ' ' .. text_of(count)
  if not channels then return notify('head ' .. about) end
  for _, worker in ipairs(channels) do redis.pcall('PUBLISH', worker, 'head ' .. about) end
end

-- Work of this task queue is parked, and a worker with the task may claim it.
local function notify_parked(queue) notify('lane ' .. queue) end

-- Schedules were written, paused, resumed or removed; several names are joined by newlines.
local function notify_changed(names) notify('changed ' .. names) end

-- The dataset is new: declarations of code have to be written again.
local function notify_dataset(generation) notify('memory ' .. generation) end

-- The worker must stop this run; `kind` is `cancelled` or `replaced`.
local function notify_cancel(worker_of_run, kind, run_id)
  notify('cancel ' .. worker_of_run .. ' ' .. kind .. ' ' .. run_id)
end

local function notify_joined(id, fleet_size) notify('joined ' .. id .. ' ' .. fleet_size) end
local function notify_left(id) notify('left ' .. id) end

-- The echo of a heartbeat; a worker that does not receive it has lost its subscription.
local function notify_echo(worker) redis.pcall('PUBLISH', worker, 'beat') end
