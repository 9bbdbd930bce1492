-- The history: one stream entry for each occurrence, its fields always in the same order, without empty fields. Streams
-- store entries with the same fields compactly, and those of one schedule nearly always have the same.
-- Needs: lib/clock, lib/keys, lib/minutes, lib/numbers
local HISTORY_COUNT = '1000'
local HISTORY_AGE_MS = 30 * 86400000
local history_count

-- An operator may set the number of entries of a schedule: at 50 bytes and more each they take most of the memory.
local function history_limit()
  local digits = not history_count and string.match(redis.call('HGET', meta_key(), 'history') or '', '^%d+$')
  history_count = history_count or digits and #digits < 10 and digits or HISTORY_COUNT
  return history_count
end

-- Removes entries older than the age of the history; servers before 6.2 cannot, and limit only the number. An empty
-- stream is deleted, so that the next entry creates a compact one.
local function trim_history(name, now)
  local history = history_key(name)
  local removed = redis.pcall('XTRIM', history, 'MINID', string.format('%.0f', now - HISTORY_AGE_MS))
  if type(removed) ~= 'number' or removed == 0 then return end
  if #redis.call('XREVRANGE', history, '+', '-', 'COUNT', 1) == 0 then redis.call('DEL', history) end
end

local function add_field(values, field, text, nothing)
  if text == nothing then return end
  local count = #values
  values[count + 1], values[count + 2] = field, text
end

-- Writes a number near the instant as its distance from it, which takes two bytes instead of ten.
local function add_distance(values, field, text, at)
  local count = #values
  values[count + 1], values[count + 2] = field, text_of(text - at)
end

-- One text for five values of a run that ended: `<worker> <fence> <duration> <wait>[ <started>]`, fence and start as
-- distances from the instant, and the lateness as the wait from the claim, or from the instant of an earlier claim. The
-- first entry of a stream also stores the names of its fields, so five fields in place of one would take 50 bytes more.
-- The start nearly always follows from the fence: a run that was claimed before its instant starts at the instant, and any
-- other run starts when it is claimed.
local function ran_text(at, worker, fence, started, duration, lateness)
  local from_fence, from_start = fence - at, started - at
  local claimed = from_fence > 0 and from_fence or 0
  local text = worker .. ' ' .. text_of(from_fence) .. ' ' .. duration .. ' ' .. text_of((tonumber(lateness) or 0) - claimed)
  if from_start == claimed then return text end
  return text .. ' ' .. text_of(from_start)
end

-- The fields of an entry; all values are texts. The run id of the occurrence itself, `<name>@<at>`, is omitted.
local function entry_of(name, at, outcome, reason, run_id, worker, attempt, fence, started, duration, lateness, result,
    failure, missed, count, to)
  local values = { 'at', at, 'outcome', outcome }
  add_field(values, 'reason', reason, '')
  -- Workers of an earlier version find the entry of an abandoned run by these two fields.
  local is_whole = outcome == 'abandoned'
  add_field(values, 'run', run_id, not is_whole and name .. '@' .. at or '')
  if not is_whole and duration ~= '' and lateness ~= '' and started ~= '' and string.find(worker, '^%S+$') then
    add_field(values, 'ran', ran_text(at, worker, fence, started, duration, lateness))
    add_field(values, 'attempt', attempt, '1')
  else
    add_field(values, 'worker', worker, '')
    add_field(values, 'attempt', attempt, outcome == 'skipped' and '0' or '1')
    if is_whole then
      add_field(values, 'fence', fence, '0')
    elseif fence ~= '0' then
      add_distance(values, '+fence', fence, at)
    end
    if started ~= '' then add_distance(values, '+started', started, at) end
    add_field(values, 'duration', duration, '')
    add_field(values, 'lateness', lateness, '')
  end
  add_field(values, 'result', result, '')
  add_field(values, 'error', failure, '')
  add_field(values, 'missed', missed, '0')
  add_field(values, 'count', count, '1')
  add_field(values, 'until', to, '')
  return values
end

-- Run id and fence of an entry, in any of its forms: entries of earlier versions hold both completely.
local function run_and_fence(name, fields)
  local distance = integer_of(fields['+fence'] or string.match(fields.ran or '', '^%S+ (%S+) '))
  local fence = fields.fence or distance and integer_of(fields.at) and text_of(integer_of(fields.at) + distance)
  return fields.run or name .. '@' .. (fields.at or ''), fence
end

-- Replaces a history by its entries that are not from the future.
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

-- Replaces a new stream by its copy: the first node of a stream has 4 KiB, but a copy has the size of its content.
local function compact_history(history)
  -- No schedule has an empty name.
  local copy = history_key('')
  -- If the server or the user has no such command, the stream keeps its larger form.
  if redis.pcall('COPY', history, copy) ~= 1 then return end
  local renamed = redis.pcall('RENAME', copy, history)
  if renamed.err then redis.call('DEL', copy) end
end

-- `is_first`: the caller has seen that no history exists.
local function add_entry(name, values, is_first)
  local history = history_key(name)
  -- The history nearly always exists; only if it does not, a second command creates it, and it is made compact.
  local added = not is_first and redis.pcall('XADD', history, 'NOMKSTREAM', 'MAXLEN', '~', history_limit(), '*', unpack(values))
  if not added then
    added = redis.pcall('XADD', history, '*', unpack(values))
    if type(added) ~= 'table' or not added.err then return compact_history(history) end
  end
  if type(added) ~= 'table' or not added.err then return end
  -- The key has another type, or a foreign entry has an id that no later id can follow. Any other error comes from the
  -- server (no memory, a read-only replica): the history is valid, and the caller tries again.
  if not string.find(added.err, '^WRONGTYPE') and not string.find(added.err, '^ERR') then error(added.err, 0) end
  rewrite_history(history)
  added = redis.pcall('XADD', history, '*', unpack(values))
  if type(added) == 'table' and added.err then error(added.err) end
  compact_history(history)
end

-- Adds the entry of an occurrence whose first start has ended as ok: the same one as by `entry_of`, but without a table,
-- because nearly every end is such a one. Returns the id of the entry, false if no history exists, or the error.
local function add_first_ok(name, at, worker, fence, started, duration, lateness, result)
  local history, limit = history_key(name), history_limit()
  local ran = ran_text(at, worker, fence, started, duration, lateness)
  if result and result ~= '' then
    return redis.pcall('XADD', history, 'NOMKSTREAM', 'MAXLEN', '~', limit, '*', 'at', at, 'outcome', 'ok', 'ran', ran,
      'result', result)
  end
  return redis.pcall('XADD', history, 'NOMKSTREAM', 'MAXLEN', '~', limit, '*', 'at', at, 'outcome', 'ok', 'ran', ran)
end

local function record(name, entry)
  local at = text_of(entry.at)
  add_entry(name, entry_of(name, at, entry.outcome, entry.reason or '', entry.run or name .. '@' .. at,
    entry.worker or '', text_of(entry.attempt or 0), text_of(entry.fence or 0), entry.started or '', entry.duration or '',
    entry.lateness or '', entry.result or '', entry.error or '', text_of(entry.missed or 0), text_of(entry.count or 1),
    entry.to or ''))
  count_end(entry.outcome, entry.lateness, entry.duration, tonumber(entry.count) or 1)
end
