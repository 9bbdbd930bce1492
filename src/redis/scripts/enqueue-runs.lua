-- Asks for runs beside the plan: one by hand, or occurrences of the past.
--
-- Guarantee: does not move the schedule; each run has an identity and a lease of its own.
--
-- KEYS
--   pending      zset, run id → when to deliver it, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of a new head
--   name         text, the schedule
--   kind         `m` by hand, `b` backfill
--   payload      JSON text in place of the definition's payload, '' for that
--   gap          ms between the deliveries, from now on
--   nominals     epoch ms…, the instants; 0 for now
-- REPLY
--   [`enqueued`, run ids…] or [`missing`]
local pending = unpack(KEYS)
local tag, channel, name, kind, payload, gap = unpack(ARGV, 1, 6)
local nominals = { unpack(ARGV, 7) }
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/head.lua

if redis.call('EXISTS', definition_key(name)) == 0 then return { 'missing' } end
local now = read_now()
local reply = { 'enqueued' }
local last = count_up(name, 'extra', #nominals)
for i, text in ipairs(nominals) do
  local nominal = tonumber(text) == 0 and now or tonumber(text)
  local run_id = name .. '@' .. string.format('%.0f', nominal) .. '#' .. (last - #nominals + i)
  local run = { n = nominal, f = 0, a = 1, d = 1, m = 0, k = kind, l = true, r = 'asked', c = kind == 'b' or nil,
    p = payload ~= '' and payload or nil }
  redis.call('HSET', state_key(name), 'run:' .. run_id, cjson.encode(run))
  redis.call('ZADD', pending, now + math.floor((i - 1) * gap), run_id)
  reply[#reply + 1] = run_id
end
announce_head()
return reply
