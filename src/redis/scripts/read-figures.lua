-- Counts the schedules, runs and workers of a shard, for metrics and dashboards.
--
-- Guarantee: only indexes are read, at the same cost for ten schedules and for a million; nothing is changed.
--
-- KEYS
--   due          zset, schedule name → when a claim looks at it next, epoch ms
--   names        zset, every schedule name, score 0
--   pending      zset, run id → when it is delivered, epoch ms
--   workers      zset, worker id → last heartbeat, epoch ms; only the first shard has it
-- ARGV
--   tag          text, the prefix in its hash tag
--   alive_ms     ms since the last heartbeat of a worker up to which it is live
-- REPLY
--   [schedules, paused, finished, invalid, due and not claimed, ms for which the earliest of these has been due,
--   waiting runs, live workers]
local due, names, pending, workers = unpack(KEYS)
local tag, alive_ms = unpack(ARGV)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/task-queues.lua
-- @include lib/inactive.lua

-- Most parked members that are divided into schedules and runs; the others count as schedules.
local PARKED_COUNT = 1000

local now = read_now()

-- The size of an index; 0 for a key of another type, which maintenance repairs.
local function count_of(value) return type(value) == 'number' and value or 0 end

local function count_inactive(why) return count_of(redis.pcall('ZCOUNT', inactive_key(), why, why)) end

-- The time for which the first member of an index has been due, ms; 0 if it is not due.
local function overdue_of(index)
  local first = redis.pcall('ZRANGE', index, 0, 0, 'WITHSCORES')
  return first[2] and math.max(0, now - tonumber(first[2])) or 0
end

-- Returns the number of parked schedules, the number of parked runs, and the time for which the earliest has been due,
-- ms.
local function read_parked()
  local schedules, runs, overdue, left = 0, 0, 0, PARKED_COUNT
  for _, queue in ipairs(redis.pcall('SMEMBERS', queues_key())) do
    local total = count_of(redis.pcall('ZCARD', parked_key(queue)))
    local members = left > 0 and redis.pcall('ZRANGE', parked_key(queue), 0, left - 1) or {}
    local runs_here = 0
    for _, member in ipairs(members) do
      if string.sub(member, 1, 1) == 'r' then runs_here = runs_here + 1 end
    end
    left = left - #members
    runs, schedules = runs + runs_here, schedules + total - runs_here
    overdue = math.max(overdue, overdue_of(parked_key(queue)))
  end
  return schedules, runs, overdue
end

local parked_schedules, parked_runs, parked_overdue = read_parked()
return { count_of(redis.pcall('ZCARD', names)), count_inactive(PAUSED), count_inactive(FINISHED), count_inactive(INVALID),
  count_of(redis.pcall('ZCOUNT', due, '-inf', now)) + parked_schedules, math.max(overdue_of(due), parked_overdue),
  count_of(redis.pcall('ZCARD', pending)) + parked_runs, count_of(redis.pcall('ZCOUNT', workers, now - alive_ms, '+inf')) }
