-- Tries the features that the scripts need of a server, and names those that it refuses.
--
-- Guarantee: no key is left behind, and no worker receives a message.
--
-- KEYS
--   probe        stream, created and removed here
-- ARGV
--   tag          text, the prefix in its hash tag
-- REPLY
--   [feature, error of the server, …]: `time`, `streams`, `keys` (keys that are not declared), `publish`
local probe = unpack(KEYS)
local tag = unpack(ARGV)
-- @include lib/keys.lua

local refused = {}
local function check(what, reply)
  if type(reply) ~= 'table' or not reply.err then return end
  refused[#refused + 1] = what
  refused[#refused + 1] = reply.err
end

check('time', redis.pcall('TIME'))
check('streams', redis.pcall('XADD', probe, 'MAXLEN', '~', '1', '*', 'at', '0'))
check('keys', redis.pcall('EXISTS', tagged_key('probe-undeclared')))
-- No client subscribes to this channel.
check('publish', redis.pcall('PUBLISH', probe, ''))
redis.pcall('DEL', probe)
return refused
