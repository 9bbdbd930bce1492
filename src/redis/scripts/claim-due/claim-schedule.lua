-- Claims the next occurrence of a due schedule. If it cannot, the schedule is planned, parked, or left to its policy.
-- This file decides the cost of a fire, so numbers stay texts, and locals replace tables.
-- Needs: due, now, now_text, horizon, worker_id, worker_id_is_plain, limits, capacity, lease_ms, DEFAULT_GRACE_MS;
--   add_reply, rarely, claim-due/instant, claim-due/start, lib/keys, lib/numbers, lib/plan, lib/runs
-- Sets: first_start
-- The digest of fields and values, and the text of which it is the digest. The fields are nearly always stored in the
-- order of their names.
local function digest_as_stored(flat, expected)
  local text = text_of(#flat) .. '\0' .. table.concat(flat, '\0')
  if string.sub(redis.sha1hex(text), 1, 16) == expected then return expected, text end
  return rarely().digest_of_unordered(flat)
end

-- The task queue, and the fields on which a claim depends: overlap, limit, maxConcurrent.
local function claim_fields(flat, name)
  local pool, task, overlap, limit, max_concurrent = 'default', name, nil, nil, nil
  for i = 1, #flat, 2 do
    local field = flat[i]
    if field == 'task' then
      task = flat[i + 1]
    elseif field == 'pool' then
      pool = flat[i + 1]
    elseif field == 'overlap' then
      overlap = flat[i + 1]
    elseif field == 'limit' then
      limit = flat[i + 1]
    elseif field == 'maxConcurrent' then
      max_concurrent = flat[i + 1]
    end
  end
  return pool .. '\n' .. task, overlap, limit, max_concurrent
end

-- The reason why a worker has to plan the schedule first, or nil.
local function why_not_claimable(is_changed, paused, plan, nominal, start, catch_up, last, grace)
  if is_changed then return 'changed' end
  if paused then return 'paused' end
  if not nominal then return plan == '.' and 'finished' or 'spent' end
  if nominal <= (integer_of(last) or -math.huge) then return 'behind' end
  if not catch_up and now > start and now - start > (integer_of(grace) or DEFAULT_GRACE_MS) then return 'late' end
  return nil
end

local function has_room(queue)
  if limits[queue] == 0 then return capacity[queue] > 0 end
  return limits[queue] ~= nil and rarely().has_capacity(queue)
end

-- Takes the lease, or leaves the occurrence to the overlap policy. Returns the fence as text, nil without the lease.
local function take_lease(name, run_id, flat, plan, start, fence, own_lease, max_concurrent)
  if own_lease and max_concurrent and rarely().apply_max_concurrent(name, plan, flat, start) then return nil end
  local lease = own_lease and run_lease_key(run_id) or lease_key(name)
  local fence_text = text_of(next_fence(fence))
  if try_lease(lease, fence_text) then return fence_text end
  -- The overlap policy is applied at the instant, not before.
  if start > now then
    redis.call('ZADD', due, start, name)
  else
    rarely().apply_overlap(name, plan, flat, lease)
  end
  return nil
end

-- Stores that the run has started. It holds the schedule's lease, unless it has its own lease.
local function store_start(state, run_id, text, nominal_text, fence_text, left, seen, own_lease, chain)
  if not own_lease and not chain then
    redis.call('HSET', state, 'last', nominal_text, 'plan', left, 'seen', seen, 'fence', fence_text, 'run:' .. run_id, text,
      'holder', run_id, 'started', now_text)
    return
  end
  redis.call('HSET', state, 'last', nominal_text, 'plan', left, 'seen', seen, 'fence', fence_text, 'run:' .. run_id, text)
  if not own_lease then
    redis.call('HSET', state, 'holder', run_id)
    redis.call('HDEL', state, 'chain')
  end
end

-- The texts that first starts of one instant have in common: most calls claim schedules of one instant.
local shared_nominal, shared_start, shared_fence, shared_run, shared_outline

local function share_texts(nominal_text, start, fence_text)
  if shared_nominal == nominal_text and shared_start == start and shared_fence == fence_text then return end
  shared_nominal, shared_start, shared_fence = nominal_text, start, fence_text
  local start_text = text_of(start)
  shared_run = first_start_text(nominal_text, fence_text, start > now and start_text or now_text, worker_id)
  shared_outline = nominal_text .. ' ' .. start_text .. ' ' .. fence_text
end

local function claim_schedule(name)
  local flat = redis.pcall('HGETALL', definition_key(name))
  if flat.err or #flat == 0 then return rarely().delete_schedule(name) end
  local state = state_key(name)
  local values = redis.pcall('HMGET', state, 'digest', 'plan', 'last', 'seen', 'fence', 'period', 'paused',
    'grace', 'chain')
  if values.err then
    rarely().read_state(name)
    values = {}
  end
  local planned, plan, last, seen, fence, period, paused, grace, chain = unpack(values, 1, 9)
  local digest, definition_text = digest_as_stored(flat, planned)
  local nominal, start, missed, catch_up, rest = first_instant(plan)
  local why = why_not_claimable(digest ~= planned, paused, plan, nominal, start, catch_up, last, grace)
  if why then return rarely().hand_back(name, why, digest, flat) end
  if start > horizon then return redis.call('ZADD', due, text_of(start), name) end

  local queue, overlap, limit, max_concurrent = claim_fields(flat, name)
  -- The plan may come from an earlier limit, so the stored limit decides.
  if limit and (integer_of(seen) or 0) >= (tonumber(limit) or math.huge) then return rarely().finish(name) end
  if not has_room(queue) then
    redis.call('ZREM', due, name)
    return rarely().park(queue, 's' .. name, start)
  end
  local nominal_text = text_of(nominal)
  local run_id, own_lease = name .. '@' .. nominal_text, overlap == 'allow'
  local fence_text = take_lease(name, run_id, flat, plan, start, fence, own_lease, max_concurrent)
  if not fence_text then return end

  local left, seen_text, following_start = behind_instant(nominal, rest, period, seen, limit)
  if following_start then note_following(name, following_start) else rarely().schedule_no_instant(name, left) end
  capacity[queue] = capacity[queue] - 1
  local task = limits[queue] ~= 0 and rarely().hold_task(queue, run_id, fence_text) or nil
  share_texts(nominal_text, start, fence_text)
  local run_text, reply_rest = shared_run, ''
  if not worker_id_is_plain or missed ~= 0 or catch_up or own_lease or task or nominal < 0 or #fence_text > 15 then
    local run = { nominal = nominal, fence = tonumber(fence_text), attempt = 1, delivery = 1, missed = missed,
      catch_up = catch_up or nil, kind = 'occurrence', own_lease = own_lease or nil, worker = worker_id,
      claimed_at = math.max(start, now), task = task }
    run_text, reply_rest = rarely().write_run(run), rarely().rest_of_run(run_id, run, lease_ms)
  end
  store_start(state, run_id, run_text, nominal_text, fence_text, left, seen_text, own_lease, chain)
  note_start(run_id, fence_text)
  -- Schedules come in the order of their starts.
  first_start = first_start or start
  add_reply(name, shared_outline .. (period and ' 1 ' or ' 0 ') .. digest, left, definition_text, reply_rest)
end
