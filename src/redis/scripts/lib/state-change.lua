-- A change of a state that is gathered first and then written in two commands.
-- Needs: lib/arguments, lib/keys, lib/numbers, lib/plan
local function create_state_change(...) return { fields = {}, cleared = { ... } } end

local function clear_field(change, field) change.cleared[#change.cleared + 1] = field end

-- Sets a field also to an empty value: an empty plan means that a worker has to plan.
local function set_even_empty(change, field, value)
  change.fields[#change.fields + 1] = field
  change.fields[#change.fields + 1] = value
end

-- An empty value clears its field.
local function set_field(change, field, value)
  if value == '' then return clear_field(change, field) end
  set_even_empty(change, field, value)
end

-- `exists`: whether the state may hold fields to clear.
local function write_change(change, name, exists)
  if exists then redis.call('HDEL', state_key(name), unpack(change.cleared)) end
  call_with_all('HSET', state_key(name), change.fields)
end

-- Removes the last instant after a change of the rule, so that an earlier instant of `at` can still fire.
local function forget_last(change, state, plan)
  local item = split_plan(plan)
  local last = integer_of(state.last)
  if item and last and item.nominal < last then clear_field(change, 'last') end
end
