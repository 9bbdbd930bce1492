-- Nearly every claim is the same: an occurrence is on time, its schedule has nothing out of the ordinary, and nobody holds
-- its lease. Texts stay texts here, and nothing is made that is not needed: this is what a fire costs. Whatever else there
-- may be is left, untouched, to those who consider everything; both come to the same.
local is_plain_worker = string.find(worker_id, '^[%w%-]+$') ~= nil
local counts = {}

-- The digest of fields and values as they came; where those are not in order, of what is in order.
local function join_definition(flat, expected)
  local size = #flat
  local count = counts[size] or size .. '\0'
  counts[size] = count
  local text = count .. table.concat(flat, '\0')
  if string.sub(redis.sha1hex(text), 1, 16) == expected then return text end
  local digest, ordered = digest_of(flat, to_map(flat))
  return digest == expected and ordered or nil
end

-- The lane of a definition that asks for nothing special of its claim, or nil.
local function plain_lane(flat, name)
  local pool, task = 'default', name
  for i = 1, #flat, 2 do
    local field = flat[i]
    if field == 'task' then
      task = flat[i + 1]
    elseif field == 'pool' then
      pool = flat[i + 1]
    elseif field == 'limit' or field == 'overlap' and flat[i + 1] == 'allow' then
      return nil
    end
  end
  local lane = pool .. '\n' .. task
  return mine[lane] == 0 and rooms[lane] > 0 and lane or nil
end

-- The first instant of a plan as text and number, what is left of the plan behind it, and when that begins; nothing where
-- it is no plain instant, or none follows.
local function split_plain(plan, period)
  local head, rest = plan, ''
  if string.find(plan, '%D') then head, rest = string.match(plan, '^(%d+) (.*)$') end
  if not head or head == '' or string.byte(head) == 48 then return nil end
  local nominal = tonumber(head)
  if rest ~= '' then
    local item = split_plan(rest)
    if not item then return nil end
    return head, nominal, rest, text_of(item.start)
  end
  period = integer_of(period)
  if not period then return nil end
  local following = text_of(nominal + period)
  return head, nominal, following, following
end

-- Answers whether it was claimed.
local function claim_plainly(name)
  local flat = redis.pcall('HGETALL', definition_key(name))
  local lane = is_plain_worker and plain_lane(flat, name)
  if not lane then return false end
  local state = state_key(name)
  local values = redis.pcall('HMGET', state, 'digest', 'plan', 'last', 'seen', 'fence', 'period', 'paused', 'grace', 'chain')
  local digest, plan, period, grace = values[1], values[2], values[6], values[8]
  if not digest or not plan or values[7] or values[9] then return false end
  local text = join_definition(flat, digest)
  local head, nominal, left, following = split_plain(plan, period)
  if not text or not head or nominal > horizon or nominal <= (integer_of(values[3]) or -1) then return false end
  if now > nominal and now - nominal > (integer_of(grace) or DEFAULT_GRACE_MS) then return false end
  local fence = next_fence(values[5])
  if fence >= 1e15 then return false end
  fence = text_of(fence)
  if not redis.call('SET', run_lease_key(name), worker_id .. ':' .. fence, 'NX', 'PX', lease_ttl) then return false end
  rooms[lane] = rooms[lane] - 1
  local run_id, seen = name .. '@' .. head, text_of((integer_of(values[4]) or 0) + 1)
  local run = head .. ' ' .. fence .. ' ' .. (nominal > now and head or now_text) .. ' ' .. worker_id
  redis.call('HSET', state, 'last', head, 'plan', left, 'seen', seen, 'fence', fence, 'run:' .. run_id, run,
    'holder', run_id, 'started', now_text)
  note_following(name, following)
  note_start(run_id, fence)
  add_reply(name, head .. ' ' .. head .. ' ' .. fence .. (period and ' 1 ' or ' 0 ') .. digest, left, text, '')
  return true
end
