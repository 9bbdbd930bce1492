-- Stores the decision of a worker about a schedule: its plan, or that it is paused, finished or invalid.
--
-- Guarantee: a compare-and-set on the digest, the plan, the pause and the last instant on which the decision is based;
-- a decision from older facts changes nothing.
--
-- KEYS
--   due          zset, schedule name → when a claim looks at it next, epoch ms
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   name         text, the schedule
--   digest       text, digest of the definition that the decision is based on
--   previous_digest text, digest in the state that the decision is based on, '' none
--   previous_plan  text, plan that the decision is based on, '' none
--   previous_last  epoch ms, last instant that the decision is based on, '' none
--   trigger      text, fingerprint of the trigger that the plan comes from
--   plan         text, instants; '.' when there are none, '' when the schedule must not fire
--   period       ms, period by which Redis continues the plan, else ''
--   grace        ms, misfire grace when not the default, else ''
--   removal      ms, time from its last occurrence to the removal of the schedule, else ''
--   error_text   text, the error of the definition, '' for none
--   seen         count, occurrences that this decision skips
--   last         epoch ms, the newest skipped instant, '' none
--   previous_pause JSON, pause that the decision is based on, '' none
--   resume       0/1, whether this ends a pause
--   by           text, who ends the pause, '' unknown
--   via          text, the way in which the pause is ended (`api`, …), '' when it ends by itself
--   skipped      text…, groups of 4: nominal, reason, count, last nominal of the group (count > 1)
-- REPLY
--   [`stored`, revision] or [`moved`, 0]
local due, names = unpack(KEYS)
local tag, channel, name, digest, previous_digest, previous_plan, previous_last, trigger, plan, period, grace, removal, error_text,
  seen, last, previous_pause, resume, by, via = unpack(ARGV, 1, 19)
-- @include lib/arguments.lua
local skipped = rest_of(ARGV, 20)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/plan.lua
-- @include lib/minutes.lua
-- @include lib/history.lua
-- @include lib/edit.lua
-- @include lib/restore-state.lua
-- @include lib/next-due.lua
-- @include lib/state-change.lua
-- @include lib/creation.lua
-- @include lib/changes.lua
-- @include lib/inactive.lua
-- @include lib/index-activity.lua

local now = read_now()
local definition, current, _, text = read_definition(name)
if not definition or current ~= digest then return { 'moved', 0 } end
local state = read_state(name)
-- A lost state is restored first. The decision then does not fit it, because it was made without the history.
if not next(state) then restore_state(name, state, now) end
if (state.digest or '') ~= previous_digest or (state.plan or '') ~= previous_plan or (state.last or '') ~= previous_last
  or (state.paused or '') ~= previous_pause then
  return { 'moved', 0 }
end

local function store_decision(revision)
  local change = create_state_change('blocked', 'chain', 'restored')
  set_field(change, 'revision', revision)
  set_field(change, 'digest', digest)
  set_even_empty(change, 'plan', plan)
  set_field(change, 'trigger', trigger)
  set_field(change, 'period', period)
  set_field(change, 'grace', grace)
  set_field(change, 'removal', removal)
  set_field(change, 'error', error_text)
  if state.trigger and state.trigger ~= trigger then
    local reason = error_text ~= '' and 'invalid' or trigger == '' and 'disabled' or 'edited'
    skip_overdue(name, state, now, state.paused and 'paused' or reason)
  end
  if trigger == '' then
    set_field(change, 'rule', counted_rule(state) or '')
  else
    clear_field(change, 'rule')
    if counted_rule(state) and counted_rule(state) ~= rule_of(trigger) then
      clear_field(change, 'seen')
      state.seen = nil
      forget_last(change, state, plan)
    end
  end
  if last ~= '' then set_field(change, 'last', last) end
  if tonumber(seen) > 0 then set_field(change, 'seen', string.format('%.0f', (integer_of(state.seen) or 0) + seen)) end
  write_change(change, name, true)
  redis.call('ZADD', names, 0, name)
end

local function record_skipped()
  for i = 1, #skipped, 4 do
    record(name, { at = tonumber(skipped[i]), outcome = 'skipped', reason = skipped[i + 1], count = skipped[i + 2],
      to = skipped[i + 3], run = name .. '@' .. skipped[i] })
  end
end

-- Writes the schedule to `due`: at its next instant, at the end of its pause, or at its removal.
local function index_schedule()
  local item = split_plan(plan)
  local at = item and item.start or plan == '.' and removal ~= '' and now + removal or nil
  if error_text ~= '' then
    at = nil
  elseif state.paused then
    at = tonumber(read_json(state.paused)['until'])
  end
  if at then redis.call('ZADD', due, at, name) else redis.call('ZREM', due, name) end
end

-- Records an edit by plain commands that this decision follows, and the end of a pause by a call of `resume`.
local function record_changes(revision, is_edited)
  local is_resumed = resume == '1' and via ~= ''
  if not is_edited and not is_resumed then return end
  local list = read_changes(name)
  if is_edited then note_bare_edit(list, { revision = revision, now = now, fields = definition, text = text }) end
  if #list == 0 then list[1] = text end
  if is_resumed then
    add_change(list, { r = revision, t = now, k = 'resume', b = by ~= '' and by or nil, v = via,
      d = { paused = { state.paused or cjson.null, cjson.null } } })
  end
  write_changes(name, list)
end

local changed = state.digest ~= digest
local revision = (tonumber(state.revision) or 0) + (changed and 1 or 0)
record_changes(revision, changed)
store_decision(revision)
record_skipped()
if resume == '1' then
  redis.call('HDEL', state_key(name), 'paused')
  -- A count of 0 stays in the state, so that the next run that is ok still recovers the schedule.
  if state.failures then redis.call('HSET', state_key(name), 'failures', '0') end
  state.paused = nil
end
unpark_all_work(name, state, now)
index_schedule()
index_activity(name)
if changed or resume == '1' then notify_changed(name) end
announce_if_first(name)
return { 'stored', revision }
