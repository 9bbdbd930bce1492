-- Writes a definition: creates it, changes it, or finds that it says the same already.
--
-- Guarantee: a compare-and-set on the revision where one is asked for. The run state is touched only by a changed
-- trigger, and then the schedule starts anew from instants after now; the same definition again touches nothing.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
--   names        zset, every schedule name, score 0
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of a new head
--   name         text, the schedule
--   if_revision  count, or '' for any; 0 for none yet
--   if_digest    text, or '' for any
--   trigger      text, fingerprint of the trigger; '' when the schedule is not enabled
--   plan         text, instants from now on, for a new trigger; '.' when there are none
--   past         0/1, whether instants of the plan may lie in the past (`at`)
--   period       ms, when Redis may step the plan by addition, else ''
--   grace        ms, misfire grace when not the default, else ''
--   removal      ms, how long after its last occurrence the schedule is removed, else ''
--   close        0/1, whether what is due of the former trigger beyond its plan has been closed, as far as it can be
--   fields       text…, the definition: field, value, field, value, …
-- REPLY
--   [`created` | `updated` | `unchanged` | `conflict`, revision], or [`overdue`, revision]: nothing was written, first
--   what is due of the former trigger has to be closed, of which the plan tells only a part
local due, names = unpack(KEYS)
local tag, channel, name, if_revision, if_digest, trigger, plan, past, period, grace, removal, close = unpack(ARGV, 1, 12)
local fields = { unpack(ARGV, 13) }
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/ledger.lua
-- @include lib/edit.lua
-- @include lib/head.lua

local former, former_digest, former_flat = read_definition(name)
local state = read_state(name)
local revision = tonumber(state.revision) or 0
if if_revision ~= '' and tonumber(if_revision) ~= (former and revision or 0) then return { 'conflict', revision } end
if if_digest ~= '' and if_digest ~= former_digest then return { 'conflict', revision } end

local wanted = to_map(fields)
local digest = digest_of(fields, wanted)
if former and digest == former_digest and digest == state.digest and not state.error then
  return { 'unchanged', revision }
end

if not former and next(state) then
  -- Somebody deleted the definition a moment ago: this is a new schedule, and starts clean.
  forget_schedule(name)
  state, revision = {}, 0
end

local now = read_now()
local is_edit = state.trigger and state.trigger ~= trigger
if is_edit and close == '0' and not state.period and string.sub(state.plan or '.', -1) ~= '.' then
  local planned_to = last_nominal(state.plan)
  if not planned_to or planned_to <= now then return { 'overdue', revision } end
end

if former_flat then
  local gone = {}
  for i = 1, #former_flat, 2 do
    if wanted[former_flat[i]] == nil then gone[#gone + 1] = former_flat[i] end
  end
  if #gone > 0 then redis.call('HDEL', definition_key(name), unpack(gone)) end
else
  redis.call('DEL', definition_key(name))
end
redis.call('HSET', definition_key(name), unpack(fields))

local set, cleared = {}, { 'error', 'chain' }
local function keep(field, value)
  if value ~= '' then
    set[#set + 1] = field
    set[#set + 1] = value
  else
    cleared[#cleared + 1] = field
  end
end
revision = revision + 1
keep('revision', revision)
keep('digest', digest)
keep('grace', grace)
keep('removal', removal)
keep('period', period)

-- Instants that passed while the text was on its way are not made up for: an edit never fires retroactively.
local function drop_past(text, now)
  local item, rest = split_plan(text)
  while item and item.nominal <= now do
    if period ~= '' and rest == '' then
      rest = string.format('%.0f', item.nominal + math.ceil((now - item.nominal + 1) / period) * period)
    end
    text = rest
    item, rest = split_plan(text)
  end
  return text
end

local asleep = trigger == '' or state.paused
if is_edit then
  close_overdue(name, state, now, state.paused and 'paused' or trigger == '' and 'disabled' or 'edited')
end
if trigger == '' then
  keep('plan', '')
  keep('trigger', '')
  cleared[#cleared + 1] = 'blocked'
  redis.call('ZREM', due, name)
elseif state.trigger ~= trigger or state.error then
  -- Also in a pause: its end has to know which occurrences it missed.
  if past ~= '1' then plan = drop_past(plan, now) end
  keep('trigger', trigger)
  set[#set + 1] = 'plan'
  set[#set + 1] = plan
  cleared[#cleared + 1] = 'blocked'
  if state.trigger and state.trigger ~= trigger then cleared[#cleared + 1] = 'seen' end
  local item = split_plan(plan)
  if state.paused then
    -- Nothing of it comes due before the end of the pause, which stands in `due` already where there is one.
  elseif item then
    redis.call('ZADD', due, item.start, name)
  elseif plan == '.' and removal == '' then
    redis.call('ZREM', due, name)
  else
    redis.call('ZADD', due, now + (plan == '.' and removal or 0), name)
  end
elseif not state.paused and (state.plan == '.' or state.plan == '') and wanted.limit ~= former.limit then
  -- A finished schedule may have instants again (a higher limit): a worker looks.
  set[#set + 1] = 'plan'
  set[#set + 1] = ''
  redis.call('ZADD', due, now, name)
end
redis.call('HSET', state_key(name), unpack(set))
redis.call('HDEL', state_key(name), unpack(cleared))
redis.call('ZADD', names, 0, name)
redis.call('PUBLISH', channel, 'changed ' .. name)
if not asleep then announce_if_first(name) end
return { former and 'updated' or 'created', revision }
