-- Deletes all that the engine stores for a schedule.
-- Needs: lib/keys, lib/schedule, lib/task-queues
-- The lease of a running run is kept; it ends by itself.
local function delete_schedule(name)
  local members = { 's' .. name }
  for field in pairs(read_state(name)) do
    local run_id = run_id_of(field)
    if run_id then
      redis.call('ZREM', pending_key(), run_id)
      redis.call('ZREM', running_key(), run_id)
      members[#members + 1] = 'r' .. run_id
    end
  end
  for _, queue in ipairs(read_queues()) do
    for _, member in ipairs(members) do unpark(queue, member) end
  end
  redis.call('ZREM', due_key(), name)
  redis.call('ZREM', names_key(), name)
  redis.pcall('ZREM', inactive_key(), name)
  redis.call('DEL', state_key(name), history_key(name), backfill_key(name), changes_key(name))
end
