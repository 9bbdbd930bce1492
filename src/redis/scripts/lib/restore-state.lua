-- Restores a state that was deleted or evicted, from history and edits, so that its schedule does not begin like a new one.
-- Needs: lib/history, lib/keys, lib/schedule
-- The pause in effect, from the newest edit about a pause; nil for none or an ended one.
local function last_pause(name, now)
  local list = redis.pcall('LRANGE', changes_key(name), 2, -1)
  for i = list.err and 0 or #list, 1, -1 do
    local diff = read_json(list[i]).d
    local pause = type(diff) == 'table' and diff.paused
    if type(pause) == 'table' then
      if type(pause[2]) ~= 'string' then return nil end
      local pause_end = tonumber(read_json(pause[2])['until'])
      return (not pause_end or pause_end > now) and pause[2] or nil
    end
  end
end

-- Fills the empty state: the pause from the edits; from the history the last instant, so that nothing runs twice, and
-- the count towards the limit. Manual and backfilled runs, whose ids end in `#<n>`, count for neither.
local function restore_state(name, state, now)
  state.paused = last_pause(name, now)
  if state.paused then redis.call('HSET', state_key(name), 'paused', state.paused) end
  local entries = redis.pcall('XREVRANGE', history_key(name), '+', '-', 'COUNT', history_limit())
  if entries.err then return end
  local last, seen = nil, 0
  for _, entry in ipairs(entries) do
    local fields = to_map(entry[2])
    local to = tonumber(fields['until']) or tonumber(fields.at)
    if to and not string.find(fields.run or '', '#%d+$') then
      if not last or to > last then last = to end
      seen = seen + (tonumber(fields.count) or 1)
    end
  end
  if not last then return end
  state.last, state.seen = string.format('%.0f', last), string.format('%.0f', seen)
  state.restored = '1'
  redis.call('HSET', state_key(name), 'last', state.last, 'seen', state.seen, 'restored', '1')
end
