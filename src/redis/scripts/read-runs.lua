-- Reads a page of running or waiting runs.
--
-- Guarantee: nothing is written; a run whose score changes while pages are read may be missing or appear twice.
--
-- KEYS
--   runs         zset, run id → when it is due or its lease ends; the members of a task queue begin with their kind
-- ARGV
--   tag          text, the prefix in its hash tag
--   offset       count, members before the page
--   count        count, most members to read
--   kind         text, the kind of the members to read, '' for an index without kinds
-- REPLY
--   [members read, run id, score, JSON of the run, …]
local runs = unpack(KEYS)
local tag, offset, count, kind = unpack(ARGV)
-- @include lib/keys.lua
-- @include lib/schedule.lua

local members = redis.call('ZRANGE', runs, offset, offset + count - 1, 'WITHSCORES')
local reply = { #members / 2 }
for i = 1, #members, 2 do
  if string.sub(members[i], 1, #kind) == kind then
    local run_id = string.sub(members[i], #kind + 1)
    local name = name_of(run_id)
    local text = name and redis.call('HGET', state_key(name), 'run:' .. run_id)
    if text then
      reply[#reply + 1] = run_id
      reply[#reply + 1] = members[i + 1]
      reply[#reply + 1] = text
    end
  end
end
return reply
