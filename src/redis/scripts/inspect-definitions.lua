-- Inspects a bounded slice of the definitions for edits by plain commands, and restores missing index entries.
--
-- Guarantee: the call reads a bounded number of keys. It deletes schedules without a definition, adds active schedules
-- that are missing in `due` and runs that are missing in their index, and names schedules that need a new plan.
--
-- KEYS
--   names        zset, every schedule name, score 0
--   due          zset, schedule name → when a claim looks at it next, epoch ms
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   shared       0/1, whether this call continues the sweep of the fleet at its stored position
--   after        text, the last name of the previous slice, '' for the start
--   count        count, most names to inspect, 0 for none
--   cursor       text, of the scan for new hashes, '' for none
--   scan_count   count, keys to scan
--   given        text…, names to inspect instead of a slice
-- REPLY
--   [next name or '', next cursor, names to plan, names that were removed]
local names, due = unpack(KEYS)
local tag, channel, shared, after, count, cursor, scan_count = unpack(ARGV, 1, 7)
-- @include lib/arguments.lua
local given = rest_of(ARGV, 8)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/delete-schedule.lua
-- @include lib/plan.lua
-- @include lib/minutes.lua
-- @include lib/history.lua
-- @include lib/runs.lua
-- @include lib/backfill.lua
-- @include lib/restore-state.lua
-- @include lib/inactive.lua
-- @include lib/index-activity.lua

local TRIM_COUNT = 5
local now = read_now()
local to_plan, removed = {}, {}
-- The position of the sweep: `.` for a part that is done. When both parts are done, the next sweep begins.
local meta = meta_key()
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

-- Adds runs to their index: a running run to `running`, a waiting one to `pending`, unless it is parked.
local function index_runs(state)
  for field, text in pairs(state) do
    local run_id = run_id_of(field)
    local run = run_id and read_run(text)
    if run and name_of(run_id) then
      local index = run.worker and running_key() or pending_key()
      if not redis.call('ZSCORE', index, run_id) and (run.worker or not is_parked('r' .. run_id)) then
        redis.call('ZADD', index, now, run_id)
      end
    end
  end
end

local function inspect(name)
  local definition, digest = read_definition(name)
  if not definition then
    if redis.call('ZSCORE', names, name) then
      delete_schedule(name)
      notify_changed(name)
      removed[#removed + 1] = name
    end
    return
  end
  local state = read_state(name)
  index_runs(state)
  if state.digest ~= digest then
    if not next(state) then
      restore_state(name, state, now)
      restart_backfill(name, now)
    end
    to_plan[#to_plan + 1] = name
    return
  end
  -- Workers of a former version do not maintain this index.
  note_activity(name, why_inactive(state.error, state.paused, state.trigger, state.plan))
  if state.error or state.paused or state.plan == '.' or not state.trigger then return end
  if not redis.call('ZSCORE', due, name) and not is_parked('s' .. name) then
    local item = split_plan(state.plan)
    redis.call('ZADD', due, item and item.start or now, name)
  end
end

-- The first error. A schedule that cannot be inspected does not keep the sweep from the others.
local problem
local function try_inspect(name)
  local done, failure = pcall(inspect, name)
  if not done then problem = failure end
end

if #given > 0 then
  for _, name in ipairs(given) do try_inspect(name) end
elseif tonumber(count) > 0 then
  local from = after == '' and '-' or '(' .. after
  local slice = redis.call('ZRANGEBYLEX', names, from, '+', 'LIMIT', 0, count)
  for _, name in ipairs(slice) do try_inspect(name) end
  -- Each call trims the histories of a few other schedules, so that all are trimmed within hours.
  for i = 1, math.min(TRIM_COUNT, #slice) do trim_history(slice[(math.floor(now / 1000) + i) % #slice + 1], now) end
  if #slice == tonumber(count) then next_name = slice[#slice] end
end

local prefix = definition_key('')
local next_cursor = cursor
if cursor ~= '' then
  local pattern = string.gsub(prefix, '[%[%]%*%?\\]', '\\%0') .. '*'
  -- Any program may have written the cursor of the sweep: a text that is no cursor ends this round.
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
if problem and #to_plan == 0 and #removed == 0 then error(problem, 0) end
return { next_name, next_cursor, to_plan, removed }
