-- Stores the trace in which a run has started, so that a rerun on another worker is linked to its first start.
--
-- Guarantee: a run is changed only while the same claim holds it; a run that has ended is not stored again.
--
-- KEYS
--   state        hash, the state of the schedule
-- ARGV
--   tag          text, the prefix in its hash tag
--   run_id       text
--   fence        text, of the claim that started it
--   trace        text, W3C traceparent
-- REPLY
--   `noted` or `gone`
local state = unpack(KEYS)
local tag, run_id, fence, trace = unpack(ARGV)
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/runs.lua

local text = redis.pcall('HGET', state, 'run:' .. run_id)
local run = type(text) == 'string' and read_run(text)
if not run or not run.worker or text_of(run.fence) ~= fence then return 'gone' end
run.trace = trace
redis.call('HSET', state, 'run:' .. run_id, write_run(run))
return 'noted'
