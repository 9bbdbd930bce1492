-- Stores what a worker decided about a schedule: its plan, or that it is paused, finished or invalid.
--
-- Guarantee: a compare-and-set on the definition's digest, the plan and the last instant it was decided from; whoever
-- decided from older facts changes nothing.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of a new head
--   name         text, the schedule
--   digest       text, of the definition it was decided from
--   former_digest text, digest in the state it was decided from, '' none
--   former_plan  text, plan it was decided from, '' none
--   former_last  epoch ms, last instant it was decided from, '' none
--   trigger      text, fingerprint of the trigger that the plan comes from
--   plan         text, instants; '.' when there are none, '' when the schedule must not fire
--   period       ms, when Redis may step the plan by addition, else ''
--   grace        ms, misfire grace when not the default, else ''
--   removal      ms, how long after its last occurrence the schedule is removed, else ''
--   error        text, why the definition cannot be used, '' when it can
--   seen         count, occurrences that were dropped now
--   last         epoch ms, the newest dropped instant, '' none
--   former_pause JSON, pause it was decided from, '' none
--   resume       0/1, whether this ends a pause
--   dropped      text…, groups of 4: nominal, reason, count, last nominal of the group (count > 1)
-- REPLY
--   [`stored`, revision] or [`moved`, 0]
local due, names = unpack(KEYS)
local tag, channel, name, digest, former_digest, former_plan, former_last, trigger, plan, period, grace, removal, error,
  seen, last, former_pause, resume = unpack(ARGV, 1, 17)
local dropped = { unpack(ARGV, 18) }
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/ledger.lua
-- @include lib/edit.lua
-- @include lib/head.lua

local definition, current = read_definition(name)
if not definition or current ~= digest then return { 'moved', 0 } end
local state = read_state(name)
if (state.digest or '') ~= former_digest or (state.plan or '') ~= former_plan or (state.last or '') ~= former_last
  or (state.paused or '') ~= former_pause then
  return { 'moved', 0 }
end
local revision = tonumber(state.revision) or 0
local changed = state.digest ~= digest
if changed then revision = revision + 1 end
local set = { 'revision', revision, 'digest', digest, 'plan', plan }
local cleared = { 'blocked', 'chain' }
local function keep(field, value)
  if value ~= '' then
    set[#set + 1] = field
    set[#set + 1] = value
  else
    cleared[#cleared + 1] = field
  end
end
keep('trigger', trigger)
keep('period', period)
keep('grace', grace)
keep('removal', removal)
keep('error', error)
if state.trigger and state.trigger ~= trigger then
  local why = error ~= '' and 'invalid' or trigger == '' and 'disabled' or 'edited'
  close_overdue(name, state, read_now(), state.paused and 'paused' or why)
  if trigger ~= '' and not is_same_rule(state.trigger, trigger) then
    cleared[#cleared + 1] = 'seen'
    state.seen = nil
  end
end
if last ~= '' then keep('last', last) end
if tonumber(seen) > 0 then keep('seen', string.format('%.0f', (integer_of(state.seen) or 0) + seen)) end
redis.call('HDEL', state_key(name), unpack(cleared))
redis.call('HSET', state_key(name), unpack(set))
redis.call('ZADD', names, 0, name)
for i = 1, #dropped, 4 do
  record(name, { at = tonumber(dropped[i]), outcome = 'skipped', reason = dropped[i + 1], count = dropped[i + 2],
    to = dropped[i + 3], run = name .. '@' .. dropped[i] })
end
if resume == '1' then
  redis.call('HDEL', state_key(name), 'paused', 'failures')
  state.paused = nil
end
leave_all_lanes(name, state, read_now())
local item = split_plan(plan)
if error ~= '' then
  redis.call('ZREM', due, name)
elseif state.paused then
  local pause_end = tonumber(read_json(state.paused)['until'])
  if pause_end then redis.call('ZADD', due, pause_end, name) else redis.call('ZREM', due, name) end
elseif item then
  redis.call('ZADD', due, item.start, name)
elseif plan == '.' and removal ~= '' then
  redis.call('ZADD', due, read_now() + removal, name)
else
  redis.call('ZREM', due, name)
end
if changed or resume == '1' then redis.call('PUBLISH', channel, 'changed ' .. name) end
announce_if_first(name)
return { 'stored', revision }
