-- The changes of a schedule: one list with its definition, its declaration and its last edits. No claim reads it.
-- Needs: lib/keys
-- The first element is the definition that the engine knows, as `digest_of` joins it. The second is the last
-- declaration of code: `=<version>` while it equals the definition, `+<version>` NUL <text> after an edit, `!<version>`
-- NUL <text> when the schedule was finished and removed, '' for none. The edits follow, oldest first, as JSON.
local CHANGES_COUNT = 20
local CHANGES_BYTES = 262144
-- Time for which the declaration of a finished and removed schedule is kept, ms: a year.
local DONE_MS = 31536000000

-- A schedule without edits has no list, because a list would take as much memory as its definition and its state. Its
-- state holds instead who created it (`made`) and its definition, in pieces that Redis stores compactly.
local PIECES = { 'known', 'known2', 'known3', 'known4' }
local PIECE_BYTES = 64

-- The end of the piece that begins at `first`. No character is cut, because readers decode each field as text.
local function end_of_piece(text, first)
  local last = math.min(first + PIECE_BYTES - 1, #text)
  while last > first and last < #text and string.find(text, '^[\128-\191]', last + 1) do last = last - 1 end
  return last
end

-- Stores in the state who created a schedule, and its definition. Returns whether both are short enough.
local function store_creation(name, known, change)
  if change.r ~= 1 or change.k ~= 'create' or change.d or change.c or known == '' then return false end
  local text = string.format('%.0f ', change.t) .. change.v .. (change.b and ' ' .. change.b or '')
  if #text > PIECE_BYTES then return false end
  local fields, first = { 'made', text }, 1
  for _, piece in ipairs(PIECES) do
    local last = end_of_piece(known, first)
    if first <= #known then fields[#fields + 1], fields[#fields + 2] = piece, string.sub(known, first, last) end
    first = last + 1
  end
  if first <= #known then return false end
  redis.call('DEL', changes_key(name))
  redis.call('HSET', state_key(name), unpack(fields))
  return true
end

-- The list that follows from these fields of the state; an empty list without them.
local function read_brief_changes(name)
  local pieces = redis.pcall('HMGET', state_key(name), 'made', unpack(PIECES))
  local at, via, by = string.match(pieces[1] or '', '^(%d+) (%S+) ?(.*)$')
  if not at then return {} end
  local known = ''
  for i = 2, #pieces do known = known .. (pieces[i] or '') end
  return { known, '', cjson.encode({ r = 1, t = tonumber(at), k = 'create', b = by ~= '' and by or nil, v = via }) }
end

-- The list of a schedule, which begins with the definition and the declaration; a key of another type counts as empty.
local function read_changes(name)
  local list = redis.pcall('LRANGE', changes_key(name), 0, -1)
  if list.err then redis.call('DEL', changes_key(name)) end
  if list.err or #list == 0 then return read_brief_changes(name) end
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
  redis.call('HDEL', state_key(name), 'made', unpack(PIECES))
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
