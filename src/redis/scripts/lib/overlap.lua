-- What becomes of an occurrence while the previous run of its schedule holds the lease.

-- The lease's holder has no connection left: it may be dead, so what it holds up waits for the lease instead.
local function holder_is_gone(lease)
  local token = redis.call('GET', lease)
  local holder = token and string.match(token, '^(.*):')
  if not holder then return false end
  -- Where this worker's own subscription does not show either (a cluster, a proxy), absence proves nothing.
  local counts = redis.call('PUBSUB', 'NUMSUB', tag .. ':worker:' .. holder, tag .. ':worker:' .. worker_id)
  return counts[2] == 0 and counts[4] > 0
end

local function wait_for_lease(name, state, lease)
  local left = redis.call('PTTL', lease)
  redis.call('ZADD', due, now + math.max(left, 10), name)
  redis.call('HSET', state_key(name), 'blocked', '1')
  moved = true
end

local function queue_instant(name, state, item, rest, definition, lease, reason)
  local run_id = name .. '@' .. string.format('%.0f', item.nominal)
  local changes = pass_instant(name, state, item, rest, definition)
  local run = { n = item.nominal, f = 0, a = 1, d = 1, m = item.missed, c = item.catch_up or nil, k = 'o', r = reason }
  changes[#changes + 1] = 'run:' .. run_id
  changes[#changes + 1] = cjson.encode(run)
  changes[#changes + 1] = 'waiting'
  changes[#changes + 1] = (state.waiting and state.waiting .. '\n' or '') .. run_id
  changes[#changes + 1] = 'queued'
  changes[#changes + 1] = run_id
  redis.call('HSET', state_key(name), unpack(changes))
  redis.call('ZADD', pending, now + math.max(redis.call('PTTL', lease), 10), run_id)
end

-- One newer occurrence waits for the run to end; the one that waited before gives way to it.
local function replace_running(name, state, item, rest, definition, lease)
  local former = state.queued and read_run(state['run:' .. state.queued])
  if former and not former.w then
    record(name, { at = former.n, outcome = 'skipped', reason = 'replaced', run = state.queued, missed = former.m })
    redis.call('HDEL', state_key(name), 'run:' .. state.queued)
    redis.call('ZREM', pending, state.queued)
    skipped[#skipped + 1] = { name, former.n, 'replaced' }
    state.waiting = nil
  end
  queue_instant(name, state, item, rest, definition, lease, 'replace')
  local running_one = state.holder and read_run(state['run:' .. state.holder])
  if running_one and running_one.w then
    redis.call('PUBLISH', channel, 'cancel ' .. running_one.w .. ' replaced ' .. state.holder)
  end
end

local function meet_overlap(name, state, item, rest, definition, lease)
  local policy = definition.overlap or 'skip'
  if policy == 'queue' then
    local waiting = state.queued and read_run(state['run:' .. state.queued])
    if not (waiting and not waiting.w) then
      return queue_instant(name, state, item, rest, definition, lease, 'queued')
    end
  elseif policy == 'replace' then
    return replace_running(name, state, item, rest, definition, lease)
  elseif (tonumber(state.started) or 0) > item.start or holder_is_gone(lease) then
    -- It was due before the run in its way began (a late one behind another), or that run may be dead: not yet.
    return wait_for_lease(name, state, lease)
  end
  skip_instant(name, state, item, rest, definition, 'overlap')
end
