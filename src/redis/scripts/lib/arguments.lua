-- Reads the arguments after the named ones, and calls commands with any number of values: Lua passes about 8 000
-- values at once.
local MOST_VALUES = 4000

-- The arguments from `first` on.
local function rest_of(all, first)
  if #all - first < MOST_VALUES then return { unpack(all, first) } end
  local rest = {}
  for i = first, #all do rest[i - first + 1] = all[i] end
  return rest
end

-- Calls a command with all values after its key, in several calls if the values are too many for one.
local function call_with_all(command, key, values)
  for first = 1, #values, MOST_VALUES do
    redis.call(command, key, unpack(values, first, math.min(first + MOST_VALUES - 1, #values)))
  end
end
