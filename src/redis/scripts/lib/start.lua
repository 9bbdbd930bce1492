-- What becomes of an occurrence that is claimed. What is to be noted of many goes in one command: scores and members.
local following, deadlines = {}, {}

-- Before `due` is looked at again, and in the end.
local function note_all()
  if #following > 0 then redis.call('ZADD', due, unpack(following)) end
  if #deadlines > 0 then redis.call('ZADD', running, unpack(deadlines)) end
  following, deadlines = {}, {}
end

-- Where a schedule stands in `due` from now on.
local function note_following(name, start)
  local count = #following
  following[count + 1], following[count + 2] = start, name
end

local function note_start(run_id, fence)
  local count = #deadlines
  deadlines[count + 1], deadlines[count + 2] = deadline, run_id
  count = #won
  won[count + 1], won[count + 2] = run_id, fence
  moved = true
end

-- Notes that a run goes. `plan` and `seen`: of the occurrence that it takes out of the plan, none where it has waited.
local function start_run(name, run_id, run, state, lane, start, plan, seen)
  run.w, run.r = worker_id, nil
  run.s = math.max(now, start)
  rooms[lane] = rooms[lane] - 1
  if mine[lane] > 0 then
    run.t = task_of(lane)
    redis.call('ZADD', busy_key(run.t), deadline, busy_member(run_id, run.f))
  end
  local key, fence, field, text = state_key(name), text_of(run.f), 'run:' .. run_id, write_run(run)
  if plan and not run.l and not state.chain then
    redis.call('HSET', key, 'last', text_of(run.n), 'plan', plan, 'seen', seen, 'fence', fence, field, text,
      'holder', run_id, 'started', text_of(now))
  else
    redis.call('HSET', key, 'fence', fence, field, text)
    if plan then redis.call('HSET', key, 'last', text_of(run.n), 'plan', plan, 'seen', seen) end
    if not run.l then redis.call('HSET', key, 'holder', run_id) end
    if not run.l and not state.chain then redis.call('HSET', key, 'started', text_of(now)) end
    if not run.l and state.chain then redis.call('HDEL', key, 'chain') end
  end
  note_start(run_id, fence)
end

local function next_fence(former)
  return math.max((integer_of(former) or 0) + 1, now)
end

local function try_lease(key, fence)
  local token = worker_id .. ':' .. text_of(fence)
  local set = redis.call('SET', key, token, 'NX', 'PX', lease_ttl)
  -- A lease always has an end; a key without one is not a lease, and would be in the way for ever.
  if not set and redis.call('PTTL', key) == -1 then return redis.call('SET', key, token, 'PX', lease_ttl) end
  return set
end
