-- Asks for a run beside the plan, by hand.
--
-- Guarantee: does not move the schedule; the run has an identity and a lease of its own.
--
-- KEYS
--   pending      zset, run id → when to deliver it, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of a new head
--   name         text, the schedule
--   payload      JSON text in place of the definition's payload, '' for that
-- REPLY
--   [`enqueued`, run id] or [`missing`]
local pending = unpack(KEYS)
local tag, channel, name, payload = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/head.lua

if redis.call('EXISTS', definition_key(name)) == 0 then return { 'missing' } end
local now = read_now()
local run_id = name .. '@' .. string.format('%.0f', now) .. '#' .. string.format('%.0f', count_up(name, 'extra', 1))
local run = { n = now, f = 0, a = 1, d = 1, m = 0, k = 'm', l = true, r = 'asked', p = payload ~= '' and payload or nil }
redis.call('HSET', state_key(name), 'run:' .. run_id, cjson.encode(run))
redis.call('ZADD', pending, now, run_id)
announce_head()
return { 'enqueued', run_id }
