-- Claims a run that waits in `pending`: a retry, a rerun, a queued occurrence, a manual run, a backfilled occurrence.
-- Needs: pending, now, capacity, lease_ms, worker_id, PLANNING_MS; add_run_reply, has_capacity, ask_for_plan,
--   claim-due/overlap, claim-due/parked, claim-due/start, lib/backfill, lib/delete-schedule, lib/keys, lib/numbers,
--   lib/runs, lib/schedule, lib/task-queues
local function start_waiting_run(name, run_id, run, state, queue)
  local is_first_backfill = run.waits_for == 'backfill'
  run.worker, run.waits_for, run.claimed_at = worker_id, nil, now
  capacity[queue] = capacity[queue] - 1
  run.task = hold_task(queue, run_id, run.fence)
  local fence_text = text_of(run.fence)
  redis.call('HSET', state_key(name), 'fence', fence_text, 'run:' .. run_id, write_run(run))
  if not run.own_lease then
    redis.call('HSET', state_key(name), 'holder', run_id)
    if state.chain then
      redis.call('HDEL', state_key(name), 'chain')
    else
      redis.call('HSET', state_key(name), 'started', text_of(now))
    end
  end
  note_start(run_id, fence_text)
  if is_first_backfill then feed_backfill(name, now, 0, true) end
end

local function wait_for_lease(name, run_id, run, state, lease)
  redis.call('ZADD', pending, now + time_left(lease), run_id)
  if run.waits_for == 'replace' then ask_to_stop(state) end
  if not string.find('\n' .. (state.waiting or '') .. '\n', '\n' .. run_id .. '\n', 1, true) then
    redis.call('HSET', state_key(name), 'waiting', (state.waiting and state.waiting .. '\n' or '') .. run_id)
  end
end

local function claim_waiting_run(run_id)
  local name = name_of(run_id)
  local definition, digest, flat, text
  if name then definition, digest, flat, text = read_definition(name) end
  if not definition then
    redis.call('ZREM', pending, run_id)
    if name then delete_schedule(name) end
    return
  end
  local state, state_flat = read_state(name)
  local run = read_run(state['run:' .. run_id])
  if not run or run.worker then return redis.call('ZREM', pending, run_id) end
  if state.digest ~= digest then
    redis.call('ZADD', pending, now + PLANNING_MS, run_id)
    if not state.error then return ask_for_plan(name, 'changed', digest, state_flat, flat) end
    return
  end
  if run.kind == 'occurrence' and run.fence == 0 and (state.paused or not state.trigger) then
    -- The occurrence waited for the end of a run and was never claimed, so a pause skips it.
    return skip_waiting(name, run_id, run, state.error and 'invalid' or state.paused and 'paused' or 'disabled')
  end
  local queue = queue_of(definition, name)
  if not has_capacity(queue) then
    local score = redis.call('ZSCORE', pending, run_id) or now
    redis.call('ZREM', pending, run_id)
    return park(queue, 'r' .. run_id, score)
  end
  run.fence = next_fence(state.fence)
  local lease = lease_key_of(name, run_id, run.own_lease)
  if not try_lease(lease, text_of(run.fence)) then return wait_for_lease(name, run_id, run, state, lease) end
  redis.call('ZREM', pending, run_id)
  start_waiting_run(name, run_id, run, state, queue)
  add_run_reply(name, run_id, run, run.nominal, lease_ms, { state.period, state.plan or '', digest, text })
end
