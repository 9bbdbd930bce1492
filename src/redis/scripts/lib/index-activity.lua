-- Adds a schedule to the index of inactive schedules, or removes it.
-- Needs: lib/inactive, lib/keys
-- A schedule without a trigger is disabled, which counts as paused.
local function why_inactive(failure, paused, trigger, plan)
  if failure then return INVALID end
  if paused or not trigger then return PAUSED end
  return plan == '.' and FINISHED or nil
end

local function note_activity(name, why)
  if why then note_inactive(name, why) else redis.pcall('ZREM', inactive_key(), name) end
end

-- Indexes a schedule by its stored state.
local function index_activity(name)
  local values = redis.call('HMGET', state_key(name), 'error', 'paused', 'trigger', 'plan')
  note_activity(name, why_inactive(values[1], values[2], values[3], values[4]))
end
