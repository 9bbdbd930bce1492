-- Applies the overlap policy to an occurrence while the previous run of its schedule holds the lease.
-- Needs: due, pending, now, lease_ms, worker_id, skipped; claim-due/no-instant, lib/history, lib/keys, lib/notify,
--   lib/numbers, lib/plan, lib/runs, lib/schedule
-- Sets: due_changed
local function skip_instant(name, state, item, rest, definition, reason)
  local plan, seen = advance(name, item.nominal, rest, state.period, state.seen, definition.limit)
  redis.call('HSET', state_key(name), 'last', text_of(item.nominal), 'plan', plan, 'seen', seen)
  record(name, { at = item.nominal, outcome = 'skipped', reason = reason,
    run = name .. '@' .. text_of(item.nominal), missed = item.missed })
  skipped[#skipped + 1] = { name, item.nominal, reason }
end

-- Whether the worker that holds the lease has lost its connection. It may be dead, so the occurrence waits for the
-- lease.
local function holder_is_gone(lease)
  local token = redis.pcall('GET', lease)
  local holder = type(token) == 'string' and string.match(token, '^(.*):')
  if not holder then return false end
  -- If the subscription of this worker itself is not visible (a cluster, a proxy), a missing subscription proves
  -- nothing.
  local counts = redis.call('PUBSUB', 'NUMSUB', worker_key(holder), worker_key(worker_id))
  return counts[2] == 0 and counts[4] > 0
end

-- The remaining time of a lease, ms. A key without a TTL is no lease of this fleet, and is checked again after the
-- length of a lease.
local function time_left(lease)
  local left = redis.call('PTTL', lease)
  return left < 0 and lease_ms or math.max(left, 10)
end

-- Leaves the occurrence in the plan; it is due again when a run of its schedule ends.
local function wait_in_plan(name, left)
  redis.call('ZADD', due, now + left, name)
  redis.call('HSET', state_key(name), 'blocked', '1')
  due_changed = true
end

local function queue_instant(name, state, item, rest, definition, lease, reason)
  local run_id = name .. '@' .. text_of(item.nominal)
  local plan, seen = advance(name, item.nominal, rest, state.period, state.seen, definition.limit)
  local run = { nominal = item.nominal, fence = 0, attempt = 1, delivery = 1, missed = item.missed,
    catch_up = item.catch_up or nil, kind = 'occurrence', waits_for = reason }
  redis.call('HSET', state_key(name), 'last', text_of(item.nominal), 'plan', plan, 'seen', seen,
    'run:' .. run_id, write_run(run), 'waiting', (state.waiting and state.waiting .. '\n' or '') .. run_id,
    'queued', run_id)
  redis.call('ZADD', pending, now + time_left(lease), run_id)
end

-- Skips an occurrence that waited for a lease and was never claimed.
local function skip_waiting(name, run_id, run, reason)
  record(name, { at = run.nominal, outcome = 'skipped', reason = reason, run = run_id, missed = run.missed })
  redis.call('HDEL', state_key(name), 'run:' .. run_id)
  redis.call('ZREM', pending, run_id)
  skipped[#skipped + 1] = { name, run.nominal, reason }
end

local function ask_to_stop(state)
  local holder = state.holder and read_run(state['run:' .. state.holder])
  if holder and holder.worker then notify_cancel(holder.worker, 'replaced', state.holder) end
end

-- Lets the newer occurrence wait for the end of the run; an older occurrence that waits is skipped.
local function replace_running(name, state, item, rest, definition, lease)
  local older = state.queued and read_run(state['run:' .. state.queued])
  if older and not older.worker and older.waits_for == 'replace' then skip_waiting(name, state.queued, older, 'replaced') end
  queue_instant(name, state, item, rest, definition, lease, 'replace')
  ask_to_stop(state)
end

-- Whether the occurrence waits for the holder of the lease instead of overlapping it. Catch-up runs start in order, and
-- an occurrence that was due before the holder started does not overlap it, so both wait. Under `replace` only a
-- catch-up run waits, and only for a catch-up run.
local function waits_behind(policy, state, item)
  if policy ~= 'replace' then return item.catch_up or (integer_of(state.started) or 0) > item.start end
  local holder = item.catch_up and state.holder and read_run(state['run:' .. state.holder])
  return holder and holder.catch_up
end

-- `flat`: the stored fields and values of the definition.
local function apply_overlap(name, plan, flat, lease)
  local definition = to_map(flat)
  local state = read_state(name)
  local item, rest = split_plan(plan)
  local policy = definition.overlap or 'skip'
  if waits_behind(policy, state, item) then return wait_in_plan(name, time_left(lease)) end
  if policy == 'replace' then return replace_running(name, state, item, rest, definition, lease) end
  if policy == 'queue' then
    local waiting = state.queued and read_run(state['run:' .. state.queued])
    if not (waiting and not waiting.worker and waiting.waits_for == 'queued') then
      return queue_instant(name, state, item, rest, definition, lease, 'queued')
    end
  elseif holder_is_gone(lease) then
    -- The holder may be dead, so the occurrence waits for the lease before it counts as overlapped.
    return wait_in_plan(name, time_left(lease))
  end
  skip_instant(name, state, item, rest, definition, 'overlap')
end

-- Counts running occurrences, and those that wait for another attempt or delivery. Manual and backfilled runs do not
-- count.
local AGAIN = { retry = true, rerun = true, returned = true }
local function count_running(state)
  local count = 0
  for field, text in pairs(state) do
    local run = run_id_of(field) and read_run(text)
    if run and run.kind == 'occurrence' and (run.worker or AGAIN[run.waits_for]) then count = count + 1 end
  end
  return count
end

-- Under `allow`: whether `maxConcurrent` runs of the schedule are running. Then the occurrence is skipped; a catch-up
-- run waits.
local function apply_max_concurrent(name, plan, flat, start)
  local definition = to_map(flat)
  local state = read_state(name)
  if count_running(state) < tonumber(definition.maxConcurrent) then return false end
  if start > now then
    redis.call('ZADD', due, start, name)
    return true
  end
  local item, rest = split_plan(plan)
  if item.catch_up then
    wait_in_plan(name, lease_ms)
  else
    skip_instant(name, state, item, rest, definition, 'max-concurrent')
  end
  return true
end
