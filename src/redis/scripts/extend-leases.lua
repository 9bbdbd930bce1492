-- Extends leases of one worker, many in one call.
--
-- Guarantee: a lease is extended only while it holds the token that it was taken with; a lease that is gone, or that
-- another run has, is left as it is.
--
-- KEYS
--   lease        string, the first lease
-- ARGV
--   lease_ms     ms, the time that each lease has from now on
--   held         text…, the token of the first lease, then key and token of each other one
-- REPLY
--   [1 or 0, …], one a lease: 1 extended, 0 not held by its token any more
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
