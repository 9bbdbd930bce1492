-- Repeats the reply to a request whose reply was lost, with the won runs that this worker still holds.
-- Needs: worker, worker_id, request; add_run_reply, lib/numbers, lib/runs, lib/schedule
local function repeat_reply(won_text)
  -- This write makes a `WAIT` after this call also cover the writes of the first call.
  redis.call('HSET', worker, 'request', request)
  local ok, won_before = pcall(cjson.decode, won_text)
  if not ok or type(won_before) ~= 'table' then return end
  for i = 1, #won_before, 2 do
    local run_id, fence = tostring(won_before[i]), tostring(won_before[i + 1])
    local name = name_of(run_id) or ''
    local state = read_state(name)
    local run = read_run(state['run:' .. run_id])
    local definition, digest, _, text = read_definition(name)
    if definition and run and run.worker == worker_id and text_of(run.fence) == fence then
      local lease = lease_key_of(name, run_id, run.own_lease)
      if holds_lease(lease, run) then
        add_run_reply(name, run_id, run, run.claimed_at, redis.call('PTTL', lease),
          { state.period, state.plan or '', digest, text })
      end
    end
  end
end
