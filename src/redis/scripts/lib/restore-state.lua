-- A definition whose state is lost (deleted, evicted) and whose history is not: it is no new schedule.
-- Needs: lib/history, lib/keys, lib/schedule
-- Fills the empty state from the history: the last instant, so that nothing runs twice, and the count towards the limit.
-- Manual and backfilled runs, whose ids end in `#<n>`, count for neither.
local function restore_state(name, state)
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
  redis.call('HSET', state_key(name), 'last', state.last, 'seen', state.seen)
end
