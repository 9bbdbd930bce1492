-- A schedule is two hashes: people write the definition, the engine writes the state.
-- Needs: lib/keys
local function to_map(flat)
  local map = {}
  for i = 1, #flat, 2 do map[flat[i]] = flat[i + 1] end
  return map
end

local function read_json(text)
  local ok, value = pcall(cjson.decode, text or '')
  return ok and type(value) == 'table' and value or {}
end

-- Fields and values of HGETALL in the order of their names; a list in that order is returned unchanged.
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

-- The digest of a definition, independent of the order of its fields: a plan is valid only for the definition with its
-- digest. A valid definition holds no NUL, so with the number of values in front no two definitions join to the same
-- text.
local function digest_of(flat, map)
  local text = #flat .. '\0' .. table.concat(in_order(flat, map), '\0')
  return string.sub(redis.sha1hex(text), 1, 16), text
end

-- A key of another type than hash counts as no definition, so that it does not stop other schedules.
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

-- Adds to a number of the state; a value that is no number counts as 0.
local function count_up(name, field, by)
  local value = redis.pcall('HINCRBY', state_key(name), field, by)
  if type(value) == 'number' then return value end
  redis.call('HSET', state_key(name), field, by)
  return tonumber(by)
end

-- A run id is `<name>@<nominal ms>`, for a manual or backfilled run `<name>@<ms>#<n>`.
local function name_of(run_id) return (string.match(run_id, '^(.*)@%-?%d+[#%d]*$')) end

-- The run id of a state field `run:<run id>`, or nil for any other field.
local function run_id_of(field)
  if string.sub(field, 1, 4) == 'run:' then return string.sub(field, 5) end
  return nil
end
