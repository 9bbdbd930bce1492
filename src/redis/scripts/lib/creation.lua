-- The creation of a schedule, packed into a short text: who created it, when, and with which definition. The text is the
-- time in base 36, the letter of the way, the author; then for each field its code, which is a control character, and its
-- text. `src/schedule/packed-creation.ts` reads it too.
-- Needs: lib/schedule
local WAYS = { api = 'A', cli = 'C', dashboard = 'D', import = 'I' }
local FIELD_CODES = { task = '\1', cron = '\2', every = '\3', at = '\4', rrule = '\5', tz = '\6', payload = '\7',
  misfire = '\8', overlap = '\11', onCrash = '\12', pool = '\14', tags = '\15', note = '\16', owner = '\17',
  timeout = '\18', retries = '\19', backoff = '\20', jitter = '\21', spread = '\22', start = '\23', ['end'] = '\24',
  limit = '\25', enabled = '\26', pauseAfter = '\27', maxConcurrent = '\28', removeAfter = '\29', misfireGrace = '\30',
  catchUpWindow = '\31' }
local ANY_CODE, NO_CODE = '[\1-\8\11\12\14-\31]', '[^\1-\8\11\12\14-\31]*'

-- Definitions of one call are created at one time, so its text is kept.
local packed_time, packed_digits
local function to_base_36(time)
  if packed_time == time then return packed_digits end
  local digits, rest = '', time
  repeat
    local digit = rest % 36
    digits = string.sub('0123456789abcdefghijklmnopqrstuvwxyz', digit + 1, digit + 1) .. digits
    rest = (rest - digit) / 36
  until rest == 0
  packed_time, packed_digits = time, digits
  return digits
end

-- `tonumber` reads at most 32 bits in some versions of Lua.
local function from_base_36(digits)
  local number = 0
  for digit in string.gmatch(digits, '.') do number = number * 36 + tonumber(digit, 36) end
  return number
end

-- `%c` is several times as fast as the set, and finds tabs and line breaks too.
local function has_code(text) return string.find(text, '%c') and string.find(text, ANY_CODE) end

-- The packed text; nil if it would not be read as the same creation.
local function pack_creation(fields, change)
  local way = WAYS[change.v]
  if not way or change.b and has_code(change.b) then return nil end
  local parts = { to_base_36(change.t) .. way .. (change.b or '') }
  local count = 1
  for i = 1, #fields, 2 do
    local code, text = FIELD_CODES[fields[i]], fields[i + 1]
    if not code or has_code(text) then return nil end
    parts[count + 1], parts[count + 2] = code, text
    count = count + 2
  end
  return table.concat(parts)
end

-- The time, way, author and definition text that a packed text holds; nothing for any other text.
local function unpack_creation(packed)
  local digits, way, by, coded = string.match(packed, '^([%l%d]+)(%u)(' .. NO_CODE .. ')(.*)$')
  if not digits then return nil end
  local via, field_of = nil, {}
  for word, letter in pairs(WAYS) do if letter == way then via = word end end
  for field, code in pairs(FIELD_CODES) do field_of[code] = field end
  local flat = {}
  for code, text in string.gmatch(coded, '(' .. ANY_CODE .. ')(' .. NO_CODE .. ')') do
    flat[#flat + 1], flat[#flat + 2] = field_of[code], text
  end
  local _, known = digest_of(flat, to_map(flat))
  return via and from_base_36(digits), via, by, known
end
