-- Backfilled runs wait in a separate list, in order. One at a time is in `pending`; when it has started, the next one
-- follows. So at most one of them is ahead of an occurrence that becomes due.
--   state field `backfill`: JSON; c: most runs at once, g: ms between two starts, n: count of runs that run or are in
--   `pending`, w: whether one is in `pending`, at: delivery time of the last one, o: traces of the callers of waiting
--   runs, [first number, last number, W3C traceparent]…, absent for none
-- Needs: lib/keys, lib/runs

-- Reads the field; nil for an invalid text, because any program may have written the state.
local function read_feed(text)
  local ok, feed = pcall(cjson.decode, text or '')
  if not ok or type(feed) ~= 'table' then return nil end
  for _, field in ipairs({ 'n', 'c', 'g' }) do
    if type(feed[field]) ~= 'number' or math.abs(feed[field]) > 1e15 then return nil end
  end
  if feed.at ~= nil and type(feed.at) ~= 'number' then return nil end
  return feed
end

-- Most traces that are kept; the earliest ones are dropped.
local MOST_TRACES = 50

-- Adds the trace of the caller that requested the runs of these numbers.
local function add_trace(traces, first, last, trace)
  traces = type(traces) == 'table' and traces or {}
  traces[#traces + 1] = { first, last, trace }
  if #traces > MOST_TRACES then table.remove(traces, 1) end
  return traces
end

-- Returns the trace of a run and the traces of the runs after it, each nil for none.
local function take_trace(traces, run_id)
  if type(traces) ~= 'table' then return nil, nil end
  local number = tonumber(string.match(run_id, '#(%d+)$'))
  local trace, rest = nil, {}
  for _, entry in ipairs(traces) do
    local first, last, text = unpack(type(entry) == 'table' and entry or {})
    if type(first) == 'number' and type(last) == 'number' and type(text) == 'string' then
      if first <= number and number <= last then trace = text end
      if last > number then rest[#rest + 1] = entry end
    end
  end
  return trace, rest[1] and rest or nil
end

-- Pops the next run id, or nil. A value that is no run id is discarded.
local function pop_backfill(name)
  local run_id = redis.pcall('LPOP', backfill_key(name))
  if type(run_id) ~= 'string' or not string.match(run_id, '@%-?%d+#%d+$') then return nil end
  return run_id
end

-- Called when a run has started, or ended (`ended` 1): the next backfilled run may follow. Without a backfill this
-- reads one field.
local function feed_backfill(name, now, ended, waits_no_more)
  local feed = read_feed(redis.call('HGET', state_key(name), 'backfill'))
  if not feed then return end
  feed.n = math.max(0, feed.n - ended)
  if waits_no_more then feed.w = nil end
  local run_id = not feed.w and feed.n < feed.c and pop_backfill(name)
  if run_id then
    local at = math.max(now, (feed.at or 0) + feed.g)
    local trace
    trace, feed.o = take_trace(feed.o, run_id)
    store_run(name, run_id, { nominal = tonumber(string.match(run_id, '@(%-?%d+)#%d+$')), fence = 0, attempt = 1,
      delivery = 1, missed = 0, catch_up = true, kind = 'backfill', own_lease = true, waits_for = 'backfill', trace = trace })
    redis.call('ZADD', pending_key(), at, run_id)
    feed.n, feed.w, feed.at = feed.n + 1, true, at
  end
  if feed.n == 0 then
    redis.call('HDEL', state_key(name), 'backfill')
  else
    redis.call('HSET', state_key(name), 'backfill', cjson.encode(feed))
  end
end

-- Continues the list of a schedule whose state was deleted, one run at a time.
local function restart_backfill(name, now)
  if redis.call('EXISTS', backfill_key(name)) == 0 then return end
  redis.call('HSET', state_key(name), 'backfill', cjson.encode({ n = 0, c = 1, g = 0 }))
  feed_backfill(name, now, 0, false)
end

-- Removes a run that has ended, with any outcome.
local function close_run(name, run_id, run, now)
  redis.call('HDEL', state_key(name), 'run:' .. run_id)
  if run.kind == 'backfill' then feed_backfill(name, now, 1, run.fence == 0) end
end
