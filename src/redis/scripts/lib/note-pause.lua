-- Records a pause in the changes of its schedule.
-- Needs: lib/changes, lib/keys, lib/schedule
-- `former`: the pause that it replaces, nil for none; `by`: who pauses the schedule, '' unknown.
local function note_pause(name, now, former, pause, by, via)
  local definition, digest, _, text = read_definition(name)
  if not definition then return end
  local values = redis.call('HMGET', state_key(name), 'digest', 'revision')
  local list = read_changes(name)
  if #list == 0 and values[1] == digest then list[1] = text end
  add_change(list, { r = tonumber(values[2] or nil) or 0, t = now, k = 'pause', b = by ~= '' and by or nil, v = via,
    d = { paused = { former or cjson.null, pause } } })
  write_changes(name, list)
end
