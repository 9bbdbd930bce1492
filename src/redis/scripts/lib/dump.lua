-- Dumps all that belongs to a schedule, for its move to another shard.
-- Needs: lib/keys, lib/runs, lib/schedule, lib/task-queues
-- Adds the index members of a run.
local function add_run(name, run_id, run, queues, add_key, add_member)
  add_member('pending', run_id)
  add_member('running', run_id)
  for _, queue in ipairs(queues) do add_member('lane:' .. queue, 'r' .. run_id, 'pending', run_id) end
  if run and run.own_lease then add_key('run-lease:' .. run_id) end
  if run and run.task then add_member('busy:' .. run.task, busy_member(run_id, run.fence)) end
end

local function checksum_of(keys, members)
  local lines = {}
  for _, key in ipairs(keys) do lines[#lines + 1] = key[1] .. '\n' .. key[2] end
  for _, member in ipairs(members) do lines[#lines + 1] = table.concat(member, '\n') end
  return redis.sha1hex(table.concat(lines, '\n\n'))
end

-- Returns keys [name without tag, result of DUMP, remaining ms or 0], members of the shard's indexes [index, member,
-- score, index and member after the move], and a checksum of both.
local function dump_schedule(name)
  local keys, members = {}, {}

  local function add_key(suffix)
    local dump = redis.call('DUMP', tagged_key(suffix))
    if not dump then return end
    local left = redis.call('PTTL', tagged_key(suffix))
    -- RESTORE reads 0 as no TTL, so a key in its last millisecond gets 1.
    keys[#keys + 1] = { suffix, dump, left < 0 and 0 or math.max(left, 1) }
  end

  local function add_member(set, member, new_set, new_member)
    local score = redis.call('ZSCORE', tagged_key(set), member)
    if score then members[#members + 1] = { set, member, score, new_set or set, new_member or member } end
  end

  for _, kind in ipairs({ 'schedule', 'state', 'history', 'backfill', 'lease', 'changes' }) do add_key(kind .. ':' .. name) end
  add_member('names', name)
  add_member('due', name)
  add_member('inactive', name)
  local queues = read_queues()
  -- On the other shard, parked work becomes due again and is parked there.
  for _, queue in ipairs(queues) do add_member('lane:' .. queue, 's' .. name, 'due', name) end
  for field, text in pairs(read_state(name)) do
    local run_id = run_id_of(field)
    if run_id then add_run(name, run_id, read_run(text), queues, add_key, add_member) end
  end
  table.sort(keys, function(left, right) return left[1] < right[1] end)
  table.sort(members, function(left, right) return left[1] .. '\n' .. left[2] < right[1] .. '\n' .. right[2] end)
  return keys, members, checksum_of(keys, members)
end
