-- The work of every settlement: frees the lease and refills the plan. One command frees many leases.
-- Needs: running, now; lib/arguments, lib/inactive, lib/keys, lib/plan
-- Sets: woken
local leases_to_free, ended_runs = {}, {}

local function free_lease(lease, run_id)
  leases_to_free[#leases_to_free + 1] = lease
  ended_runs[#ended_runs + 1] = run_id
end

local function free_leases()
  if #ended_runs == 0 then return end
  redis.call('DEL', unpack(leases_to_free))
  call_with_all('ZREM', running, ended_runs)
  leases_to_free, ended_runs = {}, {}
end

-- Adds instants to the plan, if it still ends with the instant before them.
local function refill_plan(name, digest, reached, more)
  local values = redis.call('HMGET', state_key(name), 'digest', 'paused', 'plan', 'last')
  local state = { digest = values[1] or nil, paused = values[2] or nil, plan = values[3] or nil, last = values[4] or nil }
  local plan = extend_plan(state, digest, reached, more)
  if not plan then return end
  redis.call('HSET', state_key(name), 'plan', plan)
  if plan == '.' then note_inactive(name, FINISHED) end
  if state.plan ~= '' then return end
  local item = split_plan(plan)
  redis.call('ZADD', due_key(), item and item.start or now, name)
  woken = true
end
