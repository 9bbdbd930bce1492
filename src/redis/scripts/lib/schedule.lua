-- Schedules: two hashes a name. The definition belongs to people, the state to the engine.
local function definition_key(name) return tag .. ':schedule:' .. name end
local function state_key(name) return tag .. ':state:' .. name end
local function history_key(name) return tag .. ':history:' .. name end
local function lane_key(lane) return tag .. ':lane:' .. lane end

local function to_map(flat)
  local map = {}
  for i = 1, #flat, 2 do map[flat[i]] = flat[i + 1] end
  return map
end

local function read_json(text)
  local ok, value = pcall(cjson.decode, text or '')
  return ok and type(value) == 'table' and value or {}
end

-- Fields and values as HGETALL gives them, in the order of their names; those that are in it already, as they are.
local function in_order(flat, map)
  local sorted = true
  for i = 3, #flat, 2 do
    if flat[i] < flat[i - 2] then sorted = false end
  end
  if sorted then return flat end
  local names, parts = {}, {}
  for i = 1, #flat, 2 do names[#names + 1] = flat[i] end
  table.sort(names)
  for i, field in ipairs(names) do
    parts[2 * i - 1], parts[2 * i] = field, map[field]
  end
  return parts
end

-- A digest of the whole definition, the same whatever the order of its fields: the planner checked exactly this text.
-- No definition that can be read has a NUL in it: with their number before them, nothing else joins to the same text.
local function digest_of(flat, map)
  local text = #flat .. '\0' .. table.concat(in_order(flat, map), '\0')
  return string.sub(redis.sha1hex(text), 1, 16), text
end

-- A key of another type than hash is as good as no definition: it cannot be read, and must not stop the others.
local function read_definition(name)
  local flat = redis.pcall('HGETALL', definition_key(name))
  if flat.err or #flat == 0 then return nil end
  local map = to_map(flat)
  local digest, text = digest_of(flat, map)
  return map, digest, flat, text
end

local function read_state(name)
  local flat = redis.pcall('HGETALL', state_key(name))
  if flat.err then
    redis.call('DEL', state_key(name))
    flat = {}
  end
  return to_map(flat), flat
end

-- State may have been written by anybody: what is no whole number that JSON and a score can carry is not there.
local function integer_of(text)
  local number = tonumber(text)
  return number and number % 1 == 0 and number > -1e16 and number < 1e16 and number or nil
end

-- The text of a whole number. Instants come up again and again in one call, and to print one takes longer than a command.
local texts = {}
local function text_of(number)
  local text = texts[number]
  if not text then
    text = string.format('%.0f', number)
    texts[number] = text
  end
  return text
end

-- The number that digits stand for; `text_of` does not print it again, where it would come to the same.
local function number_of(digits)
  local number = tonumber(digits)
  if #digits < 16 and string.byte(digits) ~= 48 then texts[number] = digits end
  return number
end

-- Counts up a number of the state; what was no number starts again.
local function count_up(name, field, by)
  local value = redis.pcall('HINCRBY', state_key(name), field, by)
  if type(value) == 'number' then return value end
  redis.call('HSET', state_key(name), field, by)
  return tonumber(by)
end

local function lane_of(definition, name)
  return (definition.pool or 'default') .. '\n' .. (definition.task or name)
end

local function task_of(lane) return string.match(lane, '\n(.*)$') end

-- Runs that count for the fleet-wide limit of a task: `<fence> <run id>`, scored by when to look at their lease, epoch ms.
local function busy_key(task) return tag .. ':busy:' .. task end
local function busy_member(run_id, fence) return text_of(fence) .. ' ' .. run_id end

-- Members of a lane carry their kind: `s` a schedule that is due, `r` a run that waits to be delivered.
local function leave_lane(lane, member)
  if redis.pcall('ZREM', lane_key(lane), member) == 1 and redis.call('EXISTS', lane_key(lane)) == 0 then
    redis.call('SREM', tag .. ':lanes', lane)
  end
end

local function set_aside(lane, member, score)
  local added = redis.pcall('ZADD', lane_key(lane), score, member)
  if type(added) == 'table' and added.err then
    redis.call('DEL', lane_key(lane))
    redis.call('ZADD', lane_key(lane), score, member)
  end
  redis.call('SADD', tag .. ':lanes', lane)
end

-- A run id is `<name>@<nominal ms>`, for a manual run `<name>@<ms>#<n>`.
local function name_of(run_id) return (string.match(run_id, '^(.*)@%-?%d+[#%d]*$')) end

-- Everything the engine keeps for a name, gone; the lease of a run that still goes ends by itself.
local function forget_schedule(name)
  local members = { 's' .. name }
  for field in pairs(read_state(name)) do
    if string.sub(field, 1, 4) == 'run:' then
      local run_id = string.sub(field, 5)
      redis.call('ZREM', tag .. ':pending', run_id)
      redis.call('ZREM', tag .. ':running', run_id)
      members[#members + 1] = 'r' .. run_id
    end
  end
  for _, lane in ipairs(redis.call('SMEMBERS', tag .. ':lanes')) do
    for _, member in ipairs(members) do leave_lane(lane, member) end
  end
  redis.call('ZREM', tag .. ':due', name)
  redis.call('ZREM', tag .. ':names', name)
  redis.call('DEL', state_key(name), history_key(name), tag .. ':backfill:' .. name)
end
