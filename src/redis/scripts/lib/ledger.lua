-- The ledger: one stream entry per occurrence, always the same fields in the same order (streams store that compactly).
local HISTORY_COUNT = 1000
local history_count

-- Whoever runs the fleet may have said how many entries a schedule keeps: at 200 bytes each they outweigh all the rest.
local function history_limit()
  local digits = not history_count and string.match(redis.call('HGET', tag .. ':meta', 'history') or '', '^%d+$')
  history_count = history_count or digits and #digits < 10 and tonumber(digits) or HISTORY_COUNT
  return history_count
end
local HISTORY_AGE_MS = 30 * 86400000

-- Takes away what is older than the ledger reaches. Servers before 6.2 cannot, and keep the count alone.
local function trim_history(name, now)
  redis.pcall('XTRIM', history_key(name), 'MINID', string.format('%.0f', now - HISTORY_AGE_MS))
end

local function record(name, entry)
  local fields = {
    'at', text_of(entry.at), 'outcome', entry.outcome, 'reason', entry.reason or '',
    'run', entry.run or '', 'worker', entry.worker or '', 'attempt', text_of(entry.attempt or 0),
    'fence', text_of(entry.fence or 0), 'started', entry.started or '',
    'duration', entry.duration or '', 'lateness', entry.lateness or '', 'result', entry.result or '',
    'error', entry.error or '', 'missed', text_of(entry.missed or 0), 'count', text_of(entry.count or 1),
    'until', entry.to or '' }
  local added = redis.pcall('XADD', history_key(name), 'MAXLEN', '~', history_limit(), '*', unpack(fields))
  if type(added) == 'table' and added.err and string.find(added.err, 'WRONGTYPE', 1, true) then
    -- Somebody put another type in its place: the ledger is ours to repair.
    redis.call('DEL', history_key(name))
    redis.call('XADD', history_key(name), '*', unpack(fields))
  elseif type(added) == 'table' and added.err then
    error(added.err)
  end
end
