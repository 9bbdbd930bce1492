-- Writes definitions: creates or changes each, or finds it unchanged.
--
-- Guarantee: each write is a compare-and-set on the revision, if one is expected. Only a changed trigger changes the
-- plan: the schedule continues with instants after now. The same definition again writes nothing. Each edit is recorded
-- in the changes of its schedule in the same step. Nothing is written under keys that belong to another number of
-- shards.
--
-- KEYS
--   due          zset, schedule name → when a claim looks at it next, epoch ms
--   names        zset, every schedule name, score 0
--   meta         hash, layout version, shard count, generation
-- ARGV
--   tag          text, the prefix in its hash tag
--   channel      text, the fleet channel
--   shards       count, of shards that the caller expects
--   groups       text…, one a definition: name; expected revision, '' any, 0 none yet; expected digest, '' any;
--                fingerprint of the trigger, '' when it is not enabled; plan for a new trigger, '.' when nothing
--                follows; 0/1, whether instants of the plan may lie in the past (`at`); period ms or ''; misfire grace
--                ms when not the default, else ''; removal ms or ''; 0/1, whether the due occurrences of the former
--                trigger that its plan does not hold are closed as far as possible; expected declaration in the form
--                that clients read, '' any, '-' none; declaration to store (`+<version>` NUL <text>), '' to keep it;
--                the editor, '' unknown; the way of the edit (`api`, `cli`, …); JSON that describes the edit ({ k:
--                kind, c: overwritten fields }), '' for a plain one; count of fields, 0 to store the declaration alone;
--                field, value, …
-- REPLY
--   [outcomes: `created` | `updated` | `unchanged` | `conflict` | `overdue`, revision, …] (overdue: nothing was
--   written, because due occurrences of the former trigger have to be closed first), or [`elsewhere`, layout, shards]
local due, names, meta = unpack(KEYS)
local tag, channel, shards = unpack(ARGV, 1, 3)
-- @include lib/arguments.lua
local groups = rest_of(ARGV, 4)
-- @include lib/clock.lua
-- @include lib/keys.lua
-- @include lib/numbers.lua
-- @include lib/notify.lua
-- @include lib/schedule.lua
-- @include lib/task-queues.lua
-- @include lib/delete-schedule.lua
-- @include lib/plan.lua
-- @include lib/minutes.lua
-- @include lib/history.lua
-- @include lib/edit.lua
-- @include lib/restore-state.lua
-- @include lib/next-due.lua
-- @include lib/layout.lua
-- @include lib/state-change.lua
-- @include lib/creation.lua
-- @include lib/changes.lua
-- @include lib/inactive.lua
-- @include lib/index-activity.lua

local about, is_right = read_layout(meta, shards)
if not is_right then return { 'elsewhere', about[2], about[3] } end
local now = read_now()
local changed, planned = {}, {}

-- Removes the instants that have passed since the client computed them: an edit never fires retroactively.
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

local function write_fields(name, fields, wanted, previous_flat)
  if previous_flat then
    local gone = {}
    for i = 1, #previous_flat, 2 do
      if wanted[previous_flat[i]] == nil then gone[#gone + 1] = previous_flat[i] end
    end
    call_with_all('HDEL', definition_key(name), gone)
  else
    redis.call('DEL', definition_key(name))
  end
  call_with_all('HSET', definition_key(name), fields)
end

-- Whether the previous trigger may have due occurrences that its plan does not hold.
local function is_overdue(state)
  if state.period or string.sub(state.plan or '.', -1) == '.' then return false end
  local planned_to = last_nominal(state.plan)
  return not planned_to or planned_to <= now
end

-- Writes a schedule with a new plan to `due`. While it is paused, it is due at the end of the pause.
local function index_new_plan(name, state, plan, removal)
  local item = split_plan(plan)
  if state.paused then
    redis.call('ZREM', due, name)
  elseif item then
    redis.call('ZADD', due, item.start, name)
  elseif plan == '.' and removal == '' then
    redis.call('ZREM', due, name)
  else
    redis.call('ZADD', due, now + (plan == '.' and removal or 0), name)
  end
end

-- Opens a plan that was ended for the limit, because another limit may allow more instants, which a worker plans.
local function open_plan(name, state, change)
  local open = string.match(state.plan or '', '^(.-) ?%.$') or state.plan
  if open ~= state.plan then set_even_empty(change, 'plan', open) end
  if open == '' and not state.paused then redis.call('ZADD', due, now, name) end
end

-- Changes the state for a changed trigger: it gets a new plan, none, or keeps the stored one.
local function apply_trigger(entry, previous, state, change)
  local name, trigger, plan = entry.name, entry.trigger, entry.plan
  if trigger == '' then
    set_field(change, 'plan', '')
    set_field(change, 'trigger', '')
    set_field(change, 'rule', counted_rule(state) or '')
    clear_field(change, 'blocked')
    redis.call('ZREM', due, name)
  elseif state.trigger ~= trigger or state.error then
    -- The plan changes also during a pause, because the end of the pause needs the missed occurrences.
    if entry.past ~= '1' then plan = drop_past(plan, entry.period) end
    set_field(change, 'trigger', trigger)
    clear_field(change, 'blocked')
    if counted_rule(state) and counted_rule(state) ~= rule_of(trigger) then
      clear_field(change, 'seen')
      forget_last(change, state, plan)
    elseif entry.wanted.limit and (integer_of(state.seen) or 0) >= (tonumber(entry.wanted.limit) or 0) then
      plan = '.'
    end
    set_even_empty(change, 'plan', plan)
    clear_field(change, 'rule')
    index_new_plan(name, state, plan, entry.removal)
  elseif entry.wanted.limit ~= previous.limit then
    open_plan(name, state, change)
  elseif state.plan == '.' and not state.paused and entry.removal ~= (state.removal or '') then
    if entry.removal == '' then redis.call('ZREM', due, name) else redis.call('ZADD', due, now + entry.removal, name) end
  end
end

-- Writes the definition and the resulting changes of the state.
local function write_definition(entry, previous, previous_flat, state, revision)
  local name, trigger = entry.name, entry.trigger
  -- The fields are written in the order of the digest, so that no claim has to sort them.
  write_fields(name, in_order(entry.fields, entry.wanted), entry.wanted, previous_flat)
  local change = create_state_change('error', 'chain', 'restored')
  set_field(change, 'revision', revision)
  set_field(change, 'digest', entry.digest)
  set_field(change, 'grace', entry.grace)
  set_field(change, 'removal', entry.removal)
  set_field(change, 'period', entry.period)
  unpark_all_work(name, state, now)
  if state.trigger and state.trigger ~= trigger then
    skip_overdue(name, state, now, state.paused and 'paused' or trigger == '' and 'disabled' or 'edited')
  end
  apply_trigger(entry, previous, state, change)
  write_change(change, name, previous or next(state))
  index_activity(name)
  redis.call('ZADD', names, 0, name)
  local pause_end = state.paused and tonumber(read_json(state.paused)['until'])
  if pause_end then redis.call('ZADD', due, pause_end, name) end
  changed[#changed + 1] = name
  if trigger ~= '' and not state.paused then planned[name] = true end
end

-- Stores a declaration without changing the definition.
local function store_declaration(entry, list, text)
  if entry.declared == '' then return end
  if #list == 0 then list[1] = text end
  list[2] = short_declaration(list[1], entry.declared)
  write_changes(entry.name, list)
end

-- Records the edit of a definition, after an edit by plain commands that no worker has noticed.
local function record_edit(entry, list, previous, revision)
  local edit = read_json(entry.about)
  edit.r, edit.t, edit.b, edit.v = revision, now, entry.by ~= '' and entry.by or nil, entry.via
  edit.k = previous and (edit.k or 'edit') or 'create'
  if not previous and entry.declared == '' and store_creation(entry.name, entry.fields, entry.text, edit) then return end
  if previous then
    if previous.is_bare then
      note_bare_edit(list, { revision = revision - 1, now = now, fields = previous.map, text = previous.text })
    end
    list[2] = full_declaration(list[1] or previous.text, list[2])
    edit.d = diff_of(previous.map, entry.wanted)
  end
  add_change(list, edit)
  list[1], list[2] = entry.text, short_declaration(entry.text, entry.declared ~= '' and entry.declared or list[2])
  write_changes(entry.name, list)
end

local function put(entry)
  local name, trigger = entry.name, entry.trigger
  local previous, previous_digest, previous_flat, previous_text = read_definition(name)
  local state = read_state(name)
  local revision = tonumber(state.revision) or 0
  -- An edit by plain commands counts as a revision also before a worker has noticed it.
  if previous and state.digest ~= previous_digest then revision = revision + 1 end
  if entry.if_revision ~= '' and tonumber(entry.if_revision) ~= (previous and revision or 0) then
    return 'conflict', revision
  end
  if entry.if_digest ~= '' and entry.if_digest ~= previous_digest then return 'conflict', revision end
  local list = read_changes(name, next(state) ~= nil)
  local is_taken_in = previous and previous_digest == state.digest
  if entry.if_declared ~= '' and entry.if_declared ~= declaration_of(list, is_taken_in) then
    return 'conflict', revision
  end

  entry.wanted = to_map(entry.fields)
  entry.digest, entry.text = digest_of(entry.fields, entry.wanted)
  if previous and (#entry.fields == 0 or is_taken_in and entry.digest == previous_digest and not state.error) then
    store_declaration(entry, list, previous_text)
    return 'unchanged', revision
  end
  if previous and not next(state) then restore_state(name, state, now) end
  if not previous and next(state) then
    -- The definition was deleted before, so this is a new schedule without the former state.
    delete_schedule(name)
    state, revision = {}, 0
  end
  if state.trigger and state.trigger ~= trigger and entry.closed == '0' and is_overdue(state) then
    return 'overdue', revision
  end
  write_definition(entry, previous, previous_flat, state, revision + 1)
  local before = previous and { map = previous, text = previous_text, is_bare = not is_taken_in }
  record_edit(entry, previous and list or {}, before, revision + 1)
  return previous and 'updated' or 'created', revision + 1
end

-- Reads one definition of the arguments. Returns it, and the position of the next one.
local function read_entry(at)
  local entry = {}
  entry.name, entry.if_revision, entry.if_digest, entry.trigger, entry.plan, entry.past, entry.period, entry.grace,
    entry.removal, entry.closed, entry.if_declared, entry.declared, entry.by, entry.via, entry.about =
    unpack(groups, at, at + 14)
  local last = at + 15 + groups[at + 15] * 2
  entry.fields = {}
  for i = at + 16, last do entry.fields[i - at - 15] = groups[i] end
  return entry, last + 1
end

local reply = {}
local at = 1
while at <= #groups do
  local entry
  entry, at = read_entry(at)
  reply[#reply + 1], reply[#reply + 2] = put(entry)
end
-- One message names all edits, so that a hundred thousand writes do not wake a thousand workers as often.
if #changed > 0 then notify_changed(table.concat(changed, '\n')) end
local first = redis.call('ZRANGE', due, 0, 0)
if first[1] and planned[first[1]] then announce_next_due() end
return reply
