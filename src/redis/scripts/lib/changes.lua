-- The changes of a schedule: one list with its definition, its declaration and its last edits. No claim reads it.
-- Needs: lib/creation, lib/keys, lib/schedule
-- The first element is the definition that the engine knows, as `digest_of` joins it. The second is the last
-- declaration of code: `=<version>` while it equals the definition, `+<version>` NUL <text> after an edit, `!<version>`
-- NUL <text> when the schedule was finished and removed, '' for none. The edits follow, oldest first, as JSON.
local CHANGES_COUNT = 20
local CHANGES_BYTES = 262144
-- Time for which the declaration of a finished and removed schedule is kept, ms: a year.
local DONE_MS = 31536000000

-- A schedule without edits has no list, because a list would take as much memory as its definition and its state. Its
-- state holds instead who created it and its definition, in pieces that Redis stores compactly: packed in `from`
-- (lib/creation), or in plain text in `made` and `known` if they cannot be packed or an earlier version wrote them.
local CREATION_PIECES = { 'from', 'from2', 'from3', 'from4', 'known', 'known2', 'known3', 'known4' }
local PIECES = 4
local PIECE_BYTES = 64

-- The end of the piece that begins at `first`. No character is cut, because readers decode each field as text.
local function end_of_piece(text, first)
  local last = math.min(first + PIECE_BYTES - 1, #text)
  while last > first and last < #text and string.find(text, '^[\128-\191]', last + 1) do last = last - 1 end
  return last
end

-- Adds a text to fields, cut into pieces; `position` is that of the first one in CREATION_PIECES. Returns whether the
-- text is short enough.
local function add_pieces(fields, position, text)
  local first = 1
  for i = position, position + PIECES - 1 do
    local last = end_of_piece(text, first)
    if first <= #text then fields[#fields + 1], fields[#fields + 2] = CREATION_PIECES[i], string.sub(text, first, last) end
    first = last + 1
  end
  return first > #text
end

-- Stores in the state who created a schedule, and its definition, given as fields and as text. Returns whether both are
-- short enough.
local function store_creation(name, definition, known, change)
  if change.r ~= 1 or change.k ~= 'create' or change.d or change.c or known == '' then return false end
  local fields, packed = {}, pack_creation(definition, change)
  if packed then
    if not add_pieces(fields, 1, packed) then return false end
  else
    local made = string.format('%.0f ', change.t) .. change.v .. (change.b and ' ' .. change.b or '')
    if #made > PIECE_BYTES then return false end
    fields = { 'made', made }
    if not add_pieces(fields, PIECES + 1, known) then return false end
  end
  redis.call('DEL', changes_key(name))
  redis.call('HSET', state_key(name), unpack(fields))
  return true
end

-- The list that follows from these fields of the state; an empty list without them.
local function read_brief_changes(name)
  local values = redis.pcall('HMGET', state_key(name), 'made', 'from', unpack(CREATION_PIECES, 2))
  if not values[1] and not values[2] then return {} end
  for i = 1, 9 do values[i] = values[i] or '' end
  local at, via, by, known = unpack_creation(table.concat(values, '', 2, 5))
  if not at then
    at, via, by = string.match(values[1], '^(%d+) (%S+) ?(.*)$')
    if not at then return {} end
    known = table.concat(values, '', 6, 9)
  end
  return { known, '', cjson.encode({ r = 1, t = tonumber(at), k = 'create', b = by ~= '' and by or nil, v = via }) }
end

-- The list of a schedule, which begins with the definition and the declaration; a key of another type counts as empty.
-- A worker of an earlier version begins a list without the creation, which is then still in the state. `has_state` may be
-- left out if it is unknown.
local function read_changes(name, has_state)
  local list = redis.pcall('LRANGE', changes_key(name), 0, -1)
  local brief = has_state == false and {} or read_brief_changes(name)
  if list.err then redis.call('DEL', changes_key(name)) end
  if list.err or #list == 0 then return brief end
  if brief[3] and tonumber(read_json(list[3]).r) ~= 1 then table.insert(list, 3, brief[3]) end
  return list
end

-- The declaration with its text, also while it equals the definition.
local function full_declaration(known, declared)
  if string.sub(declared or '', 1, 1) ~= '=' then return declared or '' end
  return '+' .. string.sub(declared, 2) .. '\0' .. known
end

-- The declaration in the form that clients read and compare. It has no text while it equals a definition that the
-- engine knows.
local function declaration_of(list, is_taken_in)
  local declared = list[2] or ''
  if declared == '' then return '-' end
  return is_taken_in and declared or full_declaration(list[1], declared)
end

-- The declaration in the form that is stored beside a definition.
local function short_declaration(text, declared)
  local version, declared_text = string.match(declared, '^%+(%Z*)%z(.*)$')
  return declared_text == text and '=' .. version or declared
end

-- The fields of a stored definition text; nil for an invalid text.
local function parse_known(text)
  local parts = {}
  for part in string.gmatch((text or '') .. '\0', '(%Z*)%z') do parts[#parts + 1] = part end
  if tonumber(parts[1]) ~= #parts - 1 or #parts % 2 == 0 then return nil end
  local map = {}
  for i = 2, #parts, 2 do map[parts[i]] = parts[i + 1] end
  return map
end

-- The fields in which two definitions differ: name → [former text, new text], null for none.
local function diff_of(former, wanted)
  local diff = {}
  for field, text in pairs(former) do
    if wanted[field] ~= text then diff[field] = { text, wanted[field] or cjson.null } end
  end
  for field, text in pairs(wanted) do
    if former[field] == nil then diff[field] = { cjson.null, text } end
  end
  return diff
end

local function write_changes(name, list)
  while #list > CHANGES_COUNT + 2 do table.remove(list, 3) end
  local size = 0
  for i = #list, 3, -1 do
    size = size + #list[i]
    -- The newest edit is kept at any length.
    if size > CHANGES_BYTES and i < #list then
      for _ = 3, i do table.remove(list, 3) end
      break
    end
  end
  redis.call('DEL', changes_key(name))
  redis.call('HDEL', state_key(name), 'made', unpack(CREATION_PIECES))
  redis.call('RPUSH', changes_key(name), unpack(list))
end

-- Adds an edit: its revision (`r`), time (`t`), kind (`k`), author (`b`), way (`v`), the fields that a declaration
-- overwrote (`c`), and the changed fields (`d`).
local function add_change(list, change)
  if change.d and not next(change.d) then change.d = nil end
  list[1], list[2] = list[1] or '', list[2] or ''
  list[#list + 1] = cjson.encode(change)
end

-- Records an edit by plain commands, which has no author.
-- `edit`: its revision, the time at which it was noticed, and the definition as fields and as text.
local function note_bare_edit(list, edit)
  local known, declared = list[1] or '', list[2] or ''
  if known == edit.text then return end
  local former = parse_known(known)
  local is_done = string.sub(declared, 1, 1) == '!'
  list[1], list[2] = edit.text, is_done and '' or full_declaration(known, declared)
  add_change(list, { r = edit.revision, t = edit.now, k = edit.revision > 1 and 'edit' or 'create', v = 'hset',
    d = former and diff_of(former, edit.fields) })
end
