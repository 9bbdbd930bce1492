-- What becomes of an occurrence while the previous run of its schedule holds the lease.

-- The lease's holder has no connection left: it may be dead, so what it holds up waits for the lease instead.
local function holder_is_gone(lease)
  local token = redis.pcall('GET', lease)
  local holder = type(token) == 'string' and string.match(token, '^(.*):')
  if not holder then return false end
  -- Where this worker's own subscription does not show either (a cluster, a proxy), absence proves nothing.
  local counts = redis.call('PUBSUB', 'NUMSUB', tag .. ':worker:' .. holder, tag .. ':worker:' .. worker_id)
  return counts[2] == 0 and counts[4] > 0
end

-- A lease without a TTL is nobody's of ours; it is looked at again after the time of one that is.
local function time_left(lease)
  local left = redis.call('PTTL', lease)
  return left < 0 and lease_ms or math.max(left, 10)
end

-- Stays where it is in the plan, and comes up again when a run of its schedule ends.
local function wait_for_turn(name, left)
  redis.call('ZADD', due, now + left, name)
  redis.call('HSET', state_key(name), 'blocked', '1')
  moved = true
end

local function queue_instant(name, state, item, rest, definition, lease, reason)
  local run_id = name .. '@' .. text_of(item.nominal)
  local plan, seen = pass_instant(name, state, item, rest, definition)
  local run = { n = item.nominal, f = 0, a = 1, d = 1, m = item.missed, c = item.catch_up or nil, k = 'o', r = reason }
  redis.call('HSET', state_key(name), 'last', text_of(item.nominal), 'plan', plan, 'seen', seen,
    'run:' .. run_id, write_run(run), 'waiting', (state.waiting and state.waiting .. '\n' or '') .. run_id,
    'queued', run_id)
  redis.call('ZADD', pending, now + time_left(lease), run_id)
end

-- An occurrence that waited and was never claimed is given up.
local function drop_waiting(name, run_id, run, reason)
  record(name, { at = run.n, outcome = 'skipped', reason = reason, run = run_id, missed = run.m })
  redis.call('HDEL', state_key(name), 'run:' .. run_id)
  redis.call('ZREM', pending, run_id)
  skipped[#skipped + 1] = { name, run.n, reason }
end

local function ask_to_stop(state)
  local going = state.holder and read_run(state['run:' .. state.holder])
  if going and going.w then redis.call('PUBLISH', channel, 'cancel ' .. going.w .. ' replaced ' .. state.holder) end
end

-- One newer occurrence waits for the run to end; the one that waited before gives way to it.
local function replace_running(name, state, item, rest, definition, lease)
  local former = state.queued and read_run(state['run:' .. state.queued])
  if former and not former.w and former.r == 'replace' then drop_waiting(name, state.queued, former, 'replaced') end
  queue_instant(name, state, item, rest, definition, lease, 'replace')
  ask_to_stop(state)
end

-- What was missed is made up for in order, and what was due before the run in its way began was not overlapped by it:
-- both take their turn behind it. Under `replace` a newer occurrence waits only for one that is made up for like itself.
local function takes_turn(policy, state, item)
  if policy ~= 'replace' then return item.catch_up or (integer_of(state.started) or 0) > item.start end
  local holder = item.catch_up and state.holder and read_run(state['run:' .. state.holder])
  return holder and holder.c
end

local function meet_overlap(name, state, item, rest, definition, lease)
  local policy = definition.overlap or 'skip'
  if takes_turn(policy, state, item) then return wait_for_turn(name, time_left(lease)) end
  if policy == 'replace' then return replace_running(name, state, item, rest, definition, lease) end
  if policy == 'queue' then
    local waiting = state.queued and read_run(state['run:' .. state.queued])
    if not (waiting and not waiting.w and waiting.r == 'queued') then
      return queue_instant(name, state, item, rest, definition, lease, 'queued')
    end
  elseif holder_is_gone(lease) then
    -- That run may be dead: not yet.
    return wait_for_turn(name, time_left(lease))
  end
  skip_instant(name, state, item, rest, definition, 'overlap')
end

-- With `allow` and as many runs going as are allowed.
local function meet_limit(name, state, item, rest, definition)
  if item.catch_up then return wait_for_turn(name, lease_ms) end
  skip_instant(name, state, item, rest, definition, 'max-concurrent')
end
