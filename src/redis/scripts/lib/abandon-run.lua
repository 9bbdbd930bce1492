-- Abandons a run whose worker or lease is lost: the run is delivered again, or its end is recorded in the history.
-- Needs: lib/backfill, lib/history, lib/keys, lib/numbers, lib/runs, lib/schedule, lib/settle-waiting
local function deliver_again(name, run_id, run, now, is_handed_on)
  run.worker, run.waits_for = nil, 'rerun'
  if not is_handed_on then run.delivery = run.delivery + 1 end
  store_run(name, run_id, run)
  redis.call('ZADD', pending_key(), now, run_id)
end

-- Returns the outcome: `rerun` or `abandoned`.
local function abandon_run(name, run_id, run, state, definition, now, reason)
  redis.call('ZREM', running_key(), run_id)
  leave_task(run_id, run)
  local is_free = run.own_lease or redis.call('EXISTS', lease_key(name)) == 0
  -- A worker that stops hands its run on, which does not count as a delivery that killed its worker.
  local is_handed_on = reason == 'shutdown'
  -- A claim that Redis has lost since has started the run, so it must not start again.
  local has_started = reason == 'started-elsewhere'
  local reruns = definition.onCrash == 'rerun' and not has_started
  local is_repeatable = is_handed_on or run.delivery < (tonumber(definition.maxDeliveries) or 3)
  local kind = reruns and is_repeatable and not run.cancelled and 'rerun' or 'abandoned'
  if kind == 'rerun' then
    deliver_again(name, run_id, run, now, is_handed_on)
  else
    record(name, { at = run.nominal, outcome = run.cancelled and 'cancelled' or 'abandoned',
      reason = run.cancelled and 'cancelled' or reruns and 'max-deliveries' or reason, run = run_id, worker = run.worker,
      attempt = run.attempt, fence = run.fence, started = run.claimed_at and text_of(run.claimed_at), missed = run.missed })
    close_run(name, run_id, run, now)
    if is_handed_on or has_started then
      -- No failure of the schedule, but the next run that is ok recovers it.
      if not run.cancelled then count_up(name, 'failures', 0) end
    elseif not run.cancelled then
      count_outcome(name, state, 'failed', tonumber(definition.pauseAfter) or 0, now)
    end
  end
  if is_free then release_waiting(name, state, now) end
  return kind
end
