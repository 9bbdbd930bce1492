-- Looks after a shard that is not the first: tells what comes next there, and whether the upkeep is this worker's turn.
--
-- Guarantee: one worker of the fleet is elected for a beat; the presence of workers is kept on the first shard only.
--
-- KEYS
--   worker       hash, the record of this worker on this shard
--   running      zset, run id → lease deadline, epoch ms
--   meta         hash, layout version, shard count, generation
--   upkeep       string, the short lock of the elected worker
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of a memory that is new
--   worker_id    text
--   beat_ms      ms between heartbeats
--   generation   text, what to call this memory of Redis when it has no name yet
--   shards       count, of shards that this worker expects
-- REPLY
--   [now µs, head ms or -1, count at the head, elected 0/1, runs past their deadline, generation, layout, shards,
--    cancelled run ids joined by newlines, runs that go, lanes in which something waits,
--    keys that were removed because they had another type]
local worker, running, meta, upkeep = unpack(KEYS)
local tag, channel, worker_id, beat_ms, generation, shards = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/head.lua
-- @include lib/layout.lua
-- @include lib/upkeep.lua
-- @include lib/heal.lua

local now, now_us = read_now()
local healed = heal({ [meta] = 'hash' })
local about, is_right = agree_on_layout(meta, shards, generation)
if not is_right then return { now_us, -1, 0, 0, 0, about[1], about[2], about[3], '', 0, 0, healed } end
for _, key in ipairs(heal_shard(worker)) do healed[#healed + 1] = key end
local head, count = read_head()
return { now_us, head, count, elect_for_upkeep(upkeep, beat_ms), redis.call('ZCOUNT', running, '-inf', now), about[1],
  about[2], about[3], take_cancels(worker), redis.call('ZCARD', running), redis.call('SCARD', tag .. ':lanes'), healed }
