-- Writes definitions: creates each, changes it, or finds that it says the same already.
--
-- Guarantee: each is a compare-and-set on the revision where one is asked for. The run state is touched only by a
-- changed trigger, and then the schedule starts anew from instants after now; the same definition again touches nothing.
-- Nothing is written under keys that belong to another number of shards.
--
-- KEYS
--   due          zset, schedule name → when to look at it next, epoch ms
--   names        zset, every schedule name, score 0
--   meta         hash, layout version, shard count, generation
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, where the fleet is told of a new head, and of all that changed in one message
--   shards       count, of shards that the caller expects
--   groups       text…, one a definition: name; expected revision, '' any, 0 none yet; expected digest, '' any;
--                fingerprint of the trigger, '' when it is not enabled; plan for a new trigger, '.' when nothing
--                follows; 0/1, whether instants of the plan may lie in the past (`at`); period ms or ''; misfire grace
--                ms when not the default, else ''; removal ms or ''; 0/1, whether what is due of the former trigger
--                beyond its plan has been closed as far as it can be; count of fields; field, value, …
-- REPLY
--   [outcomes: `created` | `updated` | `unchanged` | `conflict` | `overdue`, revision, …] (overdue: nothing was written,
--   first what is due of the former trigger has to be closed), or [`elsewhere`, layout, shards]
local due, names, meta = unpack(KEYS)
local tag, channel, shards = unpack(ARGV, 1, 3)
local groups = { unpack(ARGV, 4) }
-- @include lib/clock.lua
-- @include lib/schedule.lua
-- @include lib/plan.lua
-- @include lib/ledger.lua
-- @include lib/edit.lua
-- @include lib/head.lua
-- @include lib/layout.lua

local about, is_right = read_layout(meta, shards)
if not is_right then return { 'elsewhere', about[2], about[3] } end
local now = read_now()
local changed, planned = {}, {}

-- Instants that passed while the text was on its way are not made up for: an edit never fires retroactively.
local function drop_past(text, period)
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

local function write_fields(name, fields, wanted, former_flat)
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
end

-- Whether occurrences of the former trigger may be due of which its plan does not tell.
local function is_overdue(state)
  if state.period or string.sub(state.plan or '.', -1) == '.' then return false end
  local planned_to = last_nominal(state.plan)
  return not planned_to or planned_to <= now
end

local function put(name, if_revision, if_digest, trigger, plan, past, period, grace, removal, close, fields)
  local former, former_digest, former_flat = read_definition(name)
  local state = read_state(name)
  local revision = tonumber(state.revision) or 0
  -- An edit by hand that was not taken in yet counts as a revision already.
  if former and state.digest ~= former_digest then revision = revision + 1 end
  if if_revision ~= '' and tonumber(if_revision) ~= (former and revision or 0) then return 'conflict', revision end
  if if_digest ~= '' and if_digest ~= former_digest then return 'conflict', revision end

  local wanted = to_map(fields)
  local digest = digest_of(fields, wanted)
  if former and digest == former_digest and digest == state.digest and not state.error then
    return 'unchanged', revision
  end
  if not former and next(state) then
    -- Somebody deleted the definition a moment ago: this is a new schedule, and starts clean.
    forget_schedule(name)
    state, revision = {}, 0
  end
  local is_edit = state.trigger and state.trigger ~= trigger
  if is_edit and close == '0' and is_overdue(state) then return 'overdue', revision end
  -- In the order in which the digest wants them: then nobody has to sort them for each claim.
  write_fields(name, in_order(fields, wanted), wanted, former_flat)

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
  leave_all_lanes(name, state, now)
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
    if past ~= '1' then plan = drop_past(plan, period) end
    keep('trigger', trigger)
    set[#set + 1] = 'plan'
    set[#set + 1] = plan
    cleared[#cleared + 1] = 'blocked'
    if not is_same_rule(state.trigger, trigger) then cleared[#cleared + 1] = 'seen' end
    local item = split_plan(plan)
    if state.paused then
      -- Nothing of it comes due before the end of the pause.
      redis.call('ZREM', due, name)
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
  if former or next(state) then redis.call('HDEL', state_key(name), unpack(cleared)) end
  redis.call('ZADD', names, 0, name)
  local pause_end = state.paused and tonumber(read_json(state.paused)['until'])
  if pause_end then redis.call('ZADD', due, pause_end, name) end
  changed[#changed + 1] = name
  if trigger ~= '' and not state.paused then planned[name] = true end
  return former and 'updated' or 'created', revision
end

local reply = {}
local at = 1
while at <= #groups do
  local name, if_revision, if_digest, trigger, plan, past, period, grace, removal, close, count =
    unpack(groups, at, at + 10)
  local fields = { unpack(groups, at + 11, at + 10 + count * 2) }
  local outcome, revision = put(name, if_revision, if_digest, trigger, plan, past, period, grace, removal, close, fields)
  reply[#reply + 1] = outcome
  reply[#reply + 1] = revision
  at = at + 11 + count * 2
end
-- One message for all of them: a hundred thousand writes must not be a hundred thousand alarms in a thousand workers.
if #changed > 0 then redis.call('PUBLISH', channel, 'changed ' .. table.concat(changed, '\n')) end
local first = redis.call('ZRANGE', due, 0, 0)
if first[1] and planned[first[1]] then announce_head() end
return reply
