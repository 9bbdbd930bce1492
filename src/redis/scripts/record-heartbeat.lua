-- Records the heartbeat of a worker, and replies with the state of the fleet and whether it does the maintenance.
--
-- Guarantee: one worker of the fleet is elected for one heartbeat period; a worker without heartbeats is removed from
-- the fleet.
--
-- KEYS
--   workers      zset, worker id → last heartbeat, epoch ms
--   ranks        zset, worker id → when it joined, epoch ms, each a different one
--   worker       hash, the record of this worker; its name is also the channel of the echo of the heartbeat
--   running      zset, run id → lease deadline, epoch ms
--   meta         hash, layout version, shard count, generation, time-zone data of the fleet
--   upkeep       string, the short lock of the elected worker
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   worker_id    text
--   beat_ms      ms between heartbeats
--   generation   text, the name for this dataset if it has none yet
--   shards       count, of shards that this worker expects
--   looked_with  text, version of time-zone data with which this worker has just checked all plans, '' none
--   fields       text…, the description of the worker: field, value, field, value, …
-- REPLY
--   [now µs, next due ms, count due then (0: nothing is due), fleet size, rank, elected 0/1, runs past their deadline, generation,
--    layout, shards, cancelled run ids joined by newlines, ids of dead workers,
--    task queues with parked work, zone data, keys that were removed because they had another type,
--    0/1 whether a worker has a definition watch; only for the elected worker,
--    the last heartbeat of this worker in this dataset, epoch ms, or '']
--   zone data: [newest version or '', id of the tz authority or '', 0/1 whether this worker has to check all plans, 0/1
--               whether there are several versions, each version followed by its count when they changed]
local workers, ranks, worker, running, meta, upkeep = unpack(KEYS)
local tag, channel, worker_id, beat_ms, generation, shards, looked_with = unpack(ARGV, 1, 7)
-- @include lib/arguments.lua
local fields = rest_of(ARGV, 8)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/next-due.lua
-- @include lib/zone-data.lua
-- @include lib/layout.lua
-- @include lib/maintenance.lua
-- @include lib/repair.lua

-- Number of workers, the first in the order of joining, that have a definition watch (`src/worker/worker.ts`).
local WATCHERS = 2
-- Heartbeat periods for which the record of a dead worker is kept, and after which a worker without heartbeats is dead.
local RECORD_BEATS = 12
local DEATH_BEATS = 3
local BATCH_COUNT = 100

local now, now_us = read_now()

local function join()
  redis.call('HSET', worker, unpack(fields))
  redis.call('PEXPIRE', worker, beat_ms * RECORD_BEATS)
  redis.call('ZADD', workers, now, worker_id)
  if redis.call('ZSCORE', ranks, worker_id) then return end
  -- A new worker comes after all others, also after one that joined in the same millisecond, so that their ranks do not
  -- change.
  local last = redis.call('ZRANGE', ranks, -1, -1, 'WITHSCORES')
  redis.call('ZADD', ranks, math.max(now, (tonumber(last[2]) or 0) + 1), worker_id)
  notify_joined(worker_id, redis.call('ZCARD', ranks))
end

-- Removes dead workers. Returns their ids.
local function remove_dead()
  -- A heartbeat in the future means that Redis's clock was set back. It is set to now; otherwise a dead worker would
  -- count as live until the clock catches up.
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', workers, now + beat_ms, '+inf', 'LIMIT', 0, BATCH_COUNT)) do
    redis.call('ZADD', workers, now, id)
  end
  local dead = redis.call('ZRANGEBYSCORE', workers, '-inf', now - beat_ms * DEATH_BEATS, 'LIMIT', 0, BATCH_COUNT)
  for _, id in ipairs(dead) do
    redis.call('ZREM', workers, id)
    redis.call('ZREM', ranks, id)
    redis.call('DEL', worker_key(id))
    notify_left(id)
  end
  -- Ranks without a heartbeat are removed: the rank of a dead worker would keep its duties from live workers.
  for _, id in ipairs(redis.call('ZRANGE', ranks, 0, -1)) do
    if not redis.call('ZSCORE', workers, id) then redis.call('ZREM', ranks, id) end
  end
  return dead
end

-- A worker with a definition watch notes it in its record, so that no other worker has to search for edits.
local function is_watched()
  for _, id in ipairs(redis.call('ZRANGE', ranks, 0, WATCHERS - 1)) do
    if redis.pcall('HGET', worker_key(id), 'watching') == '1' then return 1 end
  end
  return 0
end

local repaired = repair({ [meta] = 'hash' })
local about, is_right = agree_on_layout(meta, shards, generation)
if not is_right then
  return { now_us, -1, 0, 0, 0, 0, 0, about[1], about[2], about[3], '', {}, 0, { '', '', 0, 0, {} }, repaired, 0, '' }
end
for _, key in ipairs(repair_shard(worker)) do repaired[#repaired + 1] = key end
for _, key in ipairs(repair({ [workers] = 'zset', [ranks] = 'zset' })) do repaired[#repaired + 1] = key end
local cancels = take_cancels(worker)
notify_echo(worker)
-- A dataset that was set back in time (an older replica took over, a backup was restored) has lost the last heartbeat.
local known_beat = redis.call('ZSCORE', workers, worker_id) or ''
join()
local elected = elect_for_maintenance(upkeep, beat_ms)
local dead = elected == 1 and remove_dead() or {}
local watched = elected == 1 and is_watched() or 0
local zone_data = update_zone_data(now, beat_ms, elected == 1, looked_with)
local next_due, count = read_next_due()
return { now_us, next_due, count, redis.call('ZCARD', ranks), redis.call('ZRANK', ranks, worker_id), elected,
  redis.call('ZCOUNT', running, '-inf', now), about[1], about[2], about[3], cancels, dead,
  redis.call('SCARD', queues_key()), zone_data, repaired, watched, known_beat }
