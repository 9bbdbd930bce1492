-- Running and waiting runs: each is a state field `run:<id>`, JSON with short names. Only this file and
-- `src/schedule/stored-run.ts` know the short names.
-- Needs: lib/keys, lib/numbers
-- `worker` and `claimed_at` are absent while the run waits, `waits_for` while it runs; `task` is set if the run counts
-- for the fleet-wide limit of its task; `cancelled` is set if the run was cancelled while it was running; `trace` is
-- the W3C traceparent of its first start, or of the caller that requested it.
-- The table is created on first use, because nearly every run is a first start, whose text has no names.
local letters
local function letters_of_run()
  letters = letters or { worker = 'w', fence = 'f', attempt = 'a', delivery = 'd', nominal = 'n', claimed_at = 's',
    missed = 'm', catch_up = 'c', kind = 'k', own_lease = 'l', waits_for = 'r', payload = 'p', task = 't', cancelled = 'x',
    trace = 'o' }
  return letters
end
local KIND_LETTERS = { occurrence = 'o', manual = 'm', backfill = 'b' }

-- The key of the lease of a run: its own, or the one of its schedule.
local function lease_key_of(name, run_id, own_lease)
  if own_lease then return run_lease_key(run_id) end
  return lease_key(name)
end

-- Nearly every running run is the first start of an occurrence. Its text is `<nominal> <fence> <claimed at> <worker>`,
-- because JSON is longer than the limit for a compact hash, which would make each state larger and slower.
local FIRST_START = '^(%d+) (%d+) (%d+) ([%w%-]+)$'

local function is_first_start(run)
  return run.worker and run.kind == 'occurrence' and run.attempt == 1 and run.delivery == 1 and run.missed == 0 and
    run.nominal >= 0 and run.fence < 1e15 and not (run.catch_up or run.own_lease or run.waits_for or run.payload or
    run.task or run.cancelled or run.trace) and not string.find(run.worker, '[^%w%-]')
end

local function first_start_text(at, fence, claimed, worker) return at .. ' ' .. fence .. ' ' .. claimed .. ' ' .. worker end

local function write_run(run)
  if is_first_start(run) then
    return first_start_text(text_of(run.nominal), text_of(run.fence), text_of(run.claimed_at), run.worker)
  end
  -- Fields of newer versions are kept.
  local stored = run.stored or {}
  for word, letter in pairs(letters_of_run()) do stored[letter] = run[word] end
  stored.k = KIND_LETTERS[run.kind] or run.kind
  return cjson.encode(stored)
end

-- The parts of the text of a first start: nominal, fence, claimed at, worker; nothing for any other text.
local function split_first_start(text)
  local nominal, fence, claimed_at, worker_of_run = string.match(text or '', FIRST_START)
  if nominal and #nominal < 16 and #fence < 16 and #claimed_at < 16 then return nominal, fence, claimed_at, worker_of_run end
end

local function read_stored_run(text)
  local ok, stored = pcall(cjson.decode, text or '')
  if not ok or type(stored) ~= 'table' then return nil end
  for _, letter in ipairs({ 'n', 'f', 'a', 'd', 'm' }) do
    local value = stored[letter]
    if type(value) ~= 'number' or value ~= math.floor(value) or math.abs(value) > 1e16 then return nil end
  end
  if stored.w ~= nil and (type(stored.w) ~= 'string' or type(stored.s) ~= 'number') then return nil end
  if type(stored.k) ~= 'string' or (stored.t ~= nil and type(stored.t) ~= 'string') then return nil end
  if stored.p ~= nil and type(stored.p) ~= 'string' then return nil end
  if type(stored.o) ~= 'string' then stored.o = nil end
  local run = { stored = stored }
  for word, letter in pairs(letters_of_run()) do run[word] = stored[letter] end
  local kind = stored.k
  run.kind = kind == 'o' and 'occurrence' or kind == 'm' and 'manual' or kind == 'b' and 'backfill' or kind
  return run
end

-- Reads a run; nil for an invalid text, because any program may have written the state.
local function read_run(text)
  local nominal, fence, claimed_at, worker_of_run = split_first_start(text)
  if not nominal then return read_stored_run(text) end
  return { nominal = number_of(nominal), fence = number_of(fence), attempt = 1, delivery = 1, missed = 0,
    kind = 'occurrence', worker = worker_of_run, claimed_at = number_of(claimed_at) }
end

local function store_run(name, run_id, run) redis.call('HSET', state_key(name), 'run:' .. run_id, write_run(run)) end

-- Whether the run holds its lease. A key of another type is no lease.
local function holds_lease(key, run)
  return redis.pcall('GET', key) == run.worker .. ':' .. text_of(run.fence)
end
