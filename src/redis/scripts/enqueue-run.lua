-- Requests a manual run, beside the plan.
--
-- Guarantee: the schedule is not moved; the run has its own id and lease.
--
-- KEYS
--   pending      zset, run id → when it is delivered, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   name         text, the schedule
--   payload      JSON text that replaces the definition's payload, '' for none
--   trace        text, W3C traceparent of the caller, '' for none
-- REPLY
--   [`enqueued`, run id] or [`missing`]
local pending = unpack(KEYS)
local tag, channel, name, payload, trace = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/runs.lua
-- @include lib/next-due.lua

if redis.call('EXISTS', definition_key(name)) == 0 then return { 'missing' } end
local now = read_now()
local run_id = name .. '@' .. string.format('%.0f', now) .. '#' .. string.format('%.0f', count_up(name, 'extra', 1))
store_run(name, run_id, { nominal = now, fence = 0, attempt = 1, delivery = 1, missed = 0, kind = 'manual',
  own_lease = true, waits_for = 'asked', payload = payload ~= '' and payload or nil, trace = trace ~= '' and trace or nil })
redis.call('ZADD', pending, now, run_id)
announce_next_due()
return { 'enqueued', run_id }
