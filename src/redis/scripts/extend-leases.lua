-- Extends leases of one worker, many in one call.
--
-- Guarantee: a lease is extended only while its key holds the token of the run; a lease that has ended, or that another
-- run holds, is not changed.
--
-- KEYS
--   lease        string, the first lease
-- ARGV
--   lease_ms     ms, the time until the new end of each lease
--   held         text…, the token of the first lease, then key and token of each further lease
-- REPLY
--   [1 or 0, …], one for each lease: 1 extended, 0 not held any more
local lease = unpack(KEYS)
local lease_ms = unpack(ARGV, 1, 1)
-- @include lib/arguments.lua
local held = rest_of(ARGV, 2)

local function extend(key, token)
  -- A key of another type is no lease.
  if redis.pcall('GET', key) ~= token then return 0 end
  redis.call('SET', key, token, 'PX', lease_ms)
  return 1
end

local reply = { extend(lease, held[1]) }
for i = 2, #held, 2 do reply[#reply + 1] = extend(held[i], held[i + 1]) end
return reply
