-- Everything that belongs to a schedule, as it can be carried to another shard: keys with their value as DUMP gives it,
-- and its members in the sets of the shard. Names are without the tag.
local function bundle_of(name)
  local keys, members, seen = {}, {}, {}

  local function add_key(suffix)
    local dump = redis.call('DUMP', tag .. ':' .. suffix)
    if not dump then return end
    local left = redis.call('PTTL', tag .. ':' .. suffix)
    -- To RESTORE, 0 is for ever: what is about to end must not come to that.
    keys[#keys + 1] = { suffix, dump, left < 0 and 0 or math.max(left, 1) }
  end

  -- Where it is, and where it goes.
  local function add_member(set, member, new_set, new_member)
    local score = redis.call('ZSCORE', tag .. ':' .. set, member)
    if score then members[#members + 1] = { set, member, score, new_set or set, new_member or member } end
  end

  for _, kind in ipairs({ 'schedule', 'state', 'history', 'backfill', 'lease' }) do add_key(kind .. ':' .. name) end
  add_member('names', name)
  add_member('due', name)
  local lanes = redis.call('SMEMBERS', tag .. ':lanes')
  -- What waits in a lane comes up again on the other side, and finds its lane there.
  for _, lane in ipairs(lanes) do add_member('lane:' .. lane, 's' .. name, 'due', name) end
  for field, text in pairs(read_state(name)) do
    if string.sub(field, 1, 4) == 'run:' then
      local run_id = string.sub(field, 5)
      local run = read_run(text)
      add_member('pending', run_id)
      add_member('running', run_id)
      for _, lane in ipairs(lanes) do add_member('lane:' .. lane, 'r' .. run_id, 'pending', run_id) end
      if run and run.l then add_key('run-lease:' .. run_id) end
      if run and run.t then add_member('busy:' .. run.t, busy_member(run_id, run.f)) end
    end
  end
  table.sort(keys, function(left, right) return left[1] < right[1] end)
  table.sort(members, function(left, right) return left[1] .. '\n' .. left[2] < right[1] .. '\n' .. right[2] end)
  for _, key in ipairs(keys) do seen[#seen + 1] = key[1] .. '\n' .. key[2] end
  for _, member in ipairs(members) do seen[#seen + 1] = table.concat(member, '\n') end
  return keys, members, redis.sha1hex(table.concat(seen, '\n\n'))
end
