-- The history: one stream entry per occurrence, always the same fields in the same order (streams store that compactly).
-- Needs: lib/clock, lib/keys, lib/minutes, lib/numbers
local HISTORY_COUNT = 1000
local HISTORY_AGE_MS = 30 * 86400000
local history_count

-- An operator may set how many entries a schedule keeps: at 200 bytes each they outweigh everything else.
local function history_limit()
  local digits = not history_count and string.match(redis.call('HGET', meta_key(), 'history') or '', '^%d+$')
  history_count = history_count or digits and #digits < 10 and tonumber(digits) or HISTORY_COUNT
  return history_count
end

-- Removes entries beyond the age of the history. Servers before 6.2 cannot, and keep the count alone.
local function trim_history(name, now)
  redis.pcall('XTRIM', history_key(name), 'MINID', string.format('%.0f', now - HISTORY_AGE_MS))
end

local function entry_of(at, outcome, reason, run_id, worker, attempt, fence, started, duration, lateness, result, failure,
    missed, count, to)
  return 'at', at, 'outcome', outcome, 'reason', reason, 'run', run_id, 'worker', worker, 'attempt', attempt,
    'fence', fence, 'started', started, 'duration', duration, 'lateness', lateness, 'result', result, 'error', failure,
    'missed', missed, 'count', count, 'until', to
end

-- Writes a history anew, with those of its entries that are not from the future.
local function rewrite_history(history)
  local entries = redis.pcall('XREVRANGE', history, '+', '-', 'COUNT', history_limit())
  local now = read_now()
  redis.call('DEL', history)
  for i = entries.err and 0 or #entries, 1, -1 do
    local id, fields = unpack(entries[i])
    local at = tonumber(string.match(id, '^%d+'))
    if at <= now then redis.pcall('XADD', history, id, unpack(fields)) end
  end
end

local function add_entry(name, ...)
  local history = history_key(name)
  local added = redis.pcall('XADD', history, 'MAXLEN', '~', history_limit(), '*', ...)
  if type(added) ~= 'table' or not added.err then return end
  -- The key has another type, or a foreign entry has an id that no later id can follow. Any other error is of the server
  -- (no memory, a read-only replica): the history is sound, and the caller tries again.
  if not string.find(added.err, '^WRONGTYPE') and not string.find(added.err, '^ERR') then error(added.err, 0) end
  rewrite_history(history)
  added = redis.pcall('XADD', history, '*', ...)
  if type(added) == 'table' and added.err then error(added.err) end
end

local function record(name, entry)
  add_entry(name, entry_of(text_of(entry.at), entry.outcome, entry.reason or '', entry.run or '', entry.worker or '',
    text_of(entry.attempt or 0), text_of(entry.fence or 0), entry.started or '', entry.duration or '',
    entry.lateness or '', entry.result or '', entry.error or '', text_of(entry.missed or 0), text_of(entry.count or 1),
    entry.to or ''))
  count_end(entry.outcome, entry.lateness, entry.duration, tonumber(entry.count) or 1)
  store_counts()
end
