-- Looks at a bounded slice of the definitions for what changed without the engine being told, and repairs the index.
--
-- Guarantee: reads a bounded number of keys; removes what is left of schedules whose definition is gone, puts back into
-- `due` an active schedule that fell out of it and runs that no index holds, and names those that must be planned anew.
--
-- KEYS
--   names        zset, every schedule name, score 0
--   due          zset, schedule name → when to look at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of changes
--   shared       0/1, whether this goes on where the last worker left the walk that the fleet shares
--   after        text, the last name of the former slice, '' from the start
--   count        count, most names to look at, 0 for none
--   cursor       text, of the scan for new hashes, '' for none
--   scan_count   count, keys to scan
--   given        text…, names to look at in place of a slice
-- REPLY
--   [next name or '', next cursor, names to plan, names that were removed]
local names, due = unpack(KEYS)
local tag, channel, shared, after, count, cursor, scan_count = unpack(ARGV, 1, 7)
local given = { unpack(ARGV, 8) }
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/ledger.lua
-- @include lib/backfill.lua
-- @include lib/runs.lua

local TRIM_COUNT = 5
local now = read_now()
local to_plan, removed = {}, {}
-- The shared walk: `.` where a part of it is through; when both are, it begins anew.
local meta = tag .. ':meta'
local names_done, keys_done = false, false
if shared == '1' then
  local walk = redis.call('HMGET', meta, 'walkName', 'walkCursor')
  names_done, keys_done = walk[1] == '.', walk[2] == '.'
  if names_done and keys_done then
    names_done, keys_done, walk = false, false, {}
  end
  after, cursor = walk[1] or '', walk[2] or '0'
  if names_done then after, count = '', 0 end
  if keys_done then cursor = '' end
end
local next_name = ''

local function is_aside(member)
  for _, lane in ipairs(redis.call('SMEMBERS', tag .. ':lanes')) do
    if type(redis.pcall('ZSCORE', lane_key(lane), member)) == 'string' then return true end
  end
  return false
end

-- A run that goes stands in `running`, one that waits in `pending` or in a lane.
local function put_back_runs(state)
  for field, text in pairs(state) do
    local run = string.sub(field, 1, 4) == 'run:' and read_run(text)
    local run_id = string.sub(field, 5)
    if run and name_of(run_id) then
      local key = tag .. (run.w and ':running' or ':pending')
      if not redis.call('ZSCORE', key, run_id) and (run.w or not is_aside('r' .. run_id)) then
        redis.call('ZADD', key, now, run_id)
      end
    end
  end
end

local function inspect(name)
  local definition, digest = read_definition(name)
  if not definition then
    if redis.call('ZSCORE', names, name) then
      forget_schedule(name)
      redis.call('PUBLISH', channel, 'changed ' .. name)
      removed[#removed + 1] = name
    end
    return
  end
  local state = read_state(name)
  put_back_runs(state)
  if state.digest ~= digest then
    to_plan[#to_plan + 1] = name
    return
  end
  if state.error or state.paused or state.plan == '.' or not state.trigger then return end
  if not redis.call('ZSCORE', due, name) and not is_aside('s' .. name) then
    local item = split_plan(state.plan)
    redis.call('ZADD', due, item and item.start or now, name)
  end
end

if #given > 0 then
  for _, name in ipairs(given) do inspect(name) end
elseif tonumber(count) > 0 then
  local from = after == '' and '-' or '(' .. after
  local slice = redis.call('ZRANGEBYLEX', names, from, '+', 'LIMIT', 0, count)
  for _, name in ipairs(slice) do inspect(name) end
  -- The ledgers of a few, other ones each time: within hours every one has had its turn.
  for i = 1, math.min(TRIM_COUNT, #slice) do trim_history(slice[(math.floor(now / 1000) + i) % #slice + 1], now) end
  if #slice == tonumber(count) then next_name = slice[#slice] end
end

local prefix = tag .. ':schedule:'
local next_cursor = cursor
if cursor ~= '' then
  local pattern = string.gsub(prefix, '[%[%]%*%?\\]', '\\%0') .. '*'
  -- The cursor of the shared walk may have been written by anybody: what is none ends this round.
  local page = redis.pcall('SCAN', cursor, 'MATCH', pattern, 'COUNT', scan_count)
  if page.err then page = { '0', {} } end
  next_cursor = page[1]
  for _, key in ipairs(page[2]) do
    local name = string.sub(key, #prefix + 1)
    if not redis.call('ZSCORE', names, name) and read_definition(name) then to_plan[#to_plan + 1] = name end
  end
end
if shared == '1' then
  redis.call('HSET', meta, 'walkName', (names_done or next_name == '') and '.' or next_name, 'walkCursor',
    (keys_done or next_cursor == '0') and '.' or next_cursor)
end
return { next_name, next_cursor, to_plan, removed }
