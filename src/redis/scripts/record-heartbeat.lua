-- Says that a worker lives, and tells it what the fleet looks like and whether the shared upkeep is its turn.
--
-- Guarantee: one worker of the fleet is elected for a beat; a worker that stopped beating is dropped from the fleet.
--
-- KEYS
--   workers      zset, worker id → last heartbeat, epoch ms
--   ranks        zset, worker id → when it joined, epoch ms, each a different one
--   worker       hash, the record of this worker; its name is also the channel on which the worker hears itself
--   running      zset, run id → lease deadline, epoch ms
--   meta         hash, layout version, shard count, generation, time-zone data of the fleet
--   upkeep       string, the short lock of the elected worker
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told who joins and leaves
--   worker_id    text
--   beat_ms      ms between heartbeats
--   generation   text, what to call this memory of Redis when it has no name yet
--   shards       count, of shards that this worker expects
--   looked_with  text, version of time-zone data with which this worker has just looked at all plans, '' none
--   fields       text…, what the worker says of itself: field, value, field, value, …
-- REPLY
--   [now µs, head ms or -1, count at the head, fleet size, rank, elected 0/1, runs past their deadline, generation,
--    layout, shards, cancelled run ids joined by newlines, ids of workers that are gone,
--    lanes in which something waits, zone data, keys that were removed because they had another type,
--    0/1 whether somebody sees edits as they happen; said to the elected worker]
--   zone data: [newest version or '', id of the worker that plans with it or '', 0/1 whether this worker is to look at all
--               plans, 0/1 whether there are several versions, versions and their counts in turn when they are others]
local workers, ranks, worker, running, meta, upkeep = unpack(KEYS)
local tag, channel, worker_id, beat_ms, generation, shards, looked_with = unpack(ARGV, 1, 7)
local fields = { unpack(ARGV, 8) }
-- @include lib/clock.lua
-- @include lib/head.lua
-- @include lib/zone-data.lua
-- @include lib/layout.lua
-- @include lib/upkeep.lua
-- @include lib/heal.lua

-- The first workers in the order of joining watch the definitions for all (`src/worker/worker.ts`).
local WATCHERS = 2

local now, now_us = read_now()
local healed = heal({ [meta] = 'hash' })
local about, is_right = agree_on_layout(meta, shards, generation)
if not is_right then
  return { now_us, -1, 0, 0, 0, 0, 0, about[1], about[2], about[3], '', {}, 0, { '', '', 0, 0, {} }, healed, 0 }
end

for _, key in ipairs(heal_shard(worker)) do healed[#healed + 1] = key end
for _, key in ipairs(heal({ [workers] = 'zset', [ranks] = 'zset' })) do healed[#healed + 1] = key end
local cancels = take_cancels(worker)
-- Whoever beats and does not hear this knows that its subscription is dead.
redis.call('PUBLISH', worker, 'beat')
redis.call('HSET', worker, unpack(fields))
redis.call('PEXPIRE', worker, beat_ms * 12)
redis.call('ZADD', workers, now, worker_id)
if not redis.call('ZSCORE', ranks, worker_id) then
  -- Behind all others, also behind one that joined in the same millisecond: the places of those that are here stay as they
  -- know them.
  local last = redis.call('ZRANGE', ranks, -1, -1, 'WITHSCORES')
  redis.call('ZADD', ranks, math.max(now, (tonumber(last[2]) or 0) + 1), worker_id)
  redis.call('PUBLISH', channel, 'joined ' .. worker_id .. ' ' .. redis.call('ZCARD', ranks))
end

local elected = elect_for_upkeep(upkeep, beat_ms)
local gone = {}
if elected == 1 then
  -- Seen later than now: the clock was set back, and who has died since would count as alive until it is there again.
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', workers, now + beat_ms, '+inf', 'LIMIT', 0, 100)) do
    redis.call('ZADD', workers, now, id)
  end
  gone = redis.call('ZRANGEBYSCORE', workers, '-inf', now - beat_ms * 3, 'LIMIT', 0, 100)
  for _, id in ipairs(gone) do
    redis.call('ZREM', workers, id)
    redis.call('ZREM', ranks, id)
    redis.call('DEL', tag .. ':worker:' .. id)
    redis.call('PUBLISH', channel, 'left ' .. id)
  end
  -- A place in the order is a worker's that beats: others would keep the duties from those that live.
  for _, id in ipairs(redis.call('ZRANGE', ranks, 0, -1)) do
    if not redis.call('ZSCORE', workers, id) then redis.call('ZREM', ranks, id) end
  end
end
-- Who sees edits as they happen says so in its record: others need not search for them.
local watched = 0
for _, id in ipairs(elected == 1 and redis.call('ZRANGE', ranks, 0, WATCHERS - 1) or {}) do
  if redis.pcall('HGET', tag .. ':worker:' .. id, 'watching') == '1' then watched = 1 end
end
local zone_data = tend_zone_data(now, beat_ms, elected == 1, looked_with)
local head, count = read_head()
return { now_us, head, count, redis.call('ZCARD', ranks), redis.call('ZRANK', ranks, worker_id), elected,
  redis.call('ZCOUNT', running, '-inf', now), about[1], about[2], about[3], cancels, gone,
  redis.call('SCARD', tag .. ':lanes'), zone_data, healed, watched }
