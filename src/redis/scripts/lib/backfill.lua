-- Backfilled occurrences wait in a list of their own, in order. One at a time comes out to be delivered, the next when it
-- has started: what comes due meanwhile finds at most one of them before it.
--   state field `backfill`: JSON, c how many may go at once, g ms between two starts, n how many go or wait to be
--   delivered, w whether one waits, at when the last one was to be delivered
local function backfill_key(name) return tag .. ':backfill:' .. name end

-- One has started, or ended (`ended` 1): the next may follow. Costs nothing where nothing is backfilled.
-- Nil for what is no feed: the state may have been written by anybody.
local function read_feed(text)
  local ok, feed = pcall(cjson.decode, text or '')
  if not ok or type(feed) ~= 'table' then return nil end
  for _, field in ipairs({ 'n', 'c', 'g' }) do
    if type(feed[field]) ~= 'number' or math.abs(feed[field]) > 1e15 then return nil end
  end
  if feed.at ~= nil and type(feed.at) ~= 'number' then return nil end
  return feed
end

-- The next run id that waits, or nil; what is none is dropped.
local function pop_backfill(name)
  local run_id = redis.pcall('LPOP', backfill_key(name))
  if type(run_id) ~= 'string' or not string.match(run_id, '@%-?%d+#%d+$') then return nil end
  return run_id
end

local function feed_backfill(name, now, ended, waits_no_more)
  local text = redis.call('HGET', state_key(name), 'backfill')
  local feed = read_feed(text)
  if not feed then return end
  feed.n = math.max(0, feed.n - ended)
  if waits_no_more then feed.w = nil end
  local run_id = not feed.w and feed.n < feed.c and pop_backfill(name)
  if run_id then
    local at = math.max(now, (feed.at or 0) + feed.g)
    local run = { n = tonumber(string.match(run_id, '@(%-?%d+)#%d+$')), f = 0, a = 1, d = 1, m = 0, c = true, k = 'b',
      l = true, r = 'backfill' }
    redis.call('HSET', state_key(name), 'run:' .. run_id, cjson.encode(run))
    redis.call('ZADD', tag .. ':pending', at, run_id)
    feed.n, feed.w, feed.at = feed.n + 1, true, at
  end
  if feed.n == 0 then
    redis.call('HDEL', state_key(name), 'backfill')
  else
    redis.call('HSET', state_key(name), 'backfill', cjson.encode(feed))
  end
end

-- A run is over, however it ended.
local function close_run(name, run_id, run, now)
  redis.call('HDEL', state_key(name), 'run:' .. run_id)
  if run.k == 'b' then feed_backfill(name, now, 1, run.f == 0) end
end
