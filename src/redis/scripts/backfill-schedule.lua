-- Requests backfilled runs of past occurrences: they run in order, a few at a time, beside the plan.
--
-- Guarantee: the schedule is not moved. Each run has its own id and lease. At most one of the runs is ahead of an
-- occurrence that becomes due.
--
-- KEYS
--   pending      zset, run id → when it is delivered, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   name         text, the schedule
--   at_once      count, how many may run at once
--   gap          ms between two deliveries
--   most         count, of occurrences that may wait in all
--   trace        text, W3C traceparent of the caller, '' for none
--   nominals     epoch ms…, the instants, in order
-- REPLY
--   [`enqueued`, run ids…], [`missing`], or [`full`, count of backfilled runs that wait already]
local pending = unpack(KEYS)
local tag, channel, name, at_once, gap, most, trace = unpack(ARGV, 1, 7)
-- @include lib/arguments.lua
local nominals = rest_of(ARGV, 8)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/runs.lua
-- @include lib/backfill.lua
-- @include lib/next-due.lua

if redis.call('EXISTS', definition_key(name)) == 0 then return { 'missing' } end
local waiting = redis.call('LLEN', backfill_key(name))
if waiting + #nominals > tonumber(most) then return { 'full', waiting } end
local now = read_now()
-- The numbers never repeat those from before the schedule was removed and created again, because the lock nodes keep
-- the start keys of started runs.
local counted = redis.pcall('HGET', state_key(name), 'extra')
if type(counted) ~= 'table' and (tonumber(counted or 0) or 0) < now then
  redis.call('HSET', state_key(name), 'extra', text_of(now))
end
local last = count_up(name, 'extra', #nominals)
local reply = { 'enqueued' }
for i, nominal in ipairs(nominals) do
  reply[i + 1] = name .. '@' .. nominal .. '#' .. text_of(last - #nominals + i)
  redis.call('RPUSH', backfill_key(name), reply[i + 1])
end
local feed = read_feed(redis.call('HGET', state_key(name), 'backfill')) or { n = 0 }
feed.c, feed.g = tonumber(at_once), tonumber(gap)
if trace ~= '' then feed.o = add_trace(feed.o, last - #nominals + 1, last, trace) end
redis.call('HSET', state_key(name), 'backfill', cjson.encode(feed))
feed_backfill(name, now, 0, false)
if redis.call('ZCOUNT', pending, '-inf', now) > 0 then announce_next_due() end
return reply
