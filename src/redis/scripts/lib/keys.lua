-- The names of all keys. No other Lua file builds one; `src/redis/keys.ts` builds the same names.
-- Needs: tag
local function definition_key(name) return tag .. ':schedule:' .. name end
local function state_key(name) return tag .. ':state:' .. name end
local function history_key(name) return tag .. ':history:' .. name end
local function changes_key(name) return tag .. ':changes:' .. name end
local function backfill_key(name) return tag .. ':backfill:' .. name end
local function lease_key(name) return tag .. ':lease:' .. name end
local function run_lease_key(run_id) return tag .. ':run-lease:' .. run_id end
local function due_key() return tag .. ':due' end
local function pending_key() return tag .. ':pending' end
local function running_key() return tag .. ':running' end
local function ranks_key() return tag .. ':ranks' end
local function names_key() return tag .. ':names' end
local function inactive_key() return tag .. ':inactive' end
local function meta_key() return tag .. ':meta' end
-- Parked work, by its task queue (`pool\ntask`); the keys say `lane`.
local function queues_key() return tag .. ':lanes' end
local function parked_key(queue) return tag .. ':lane:' .. queue end
local function busy_key(task) return tag .. ':busy:' .. task end
-- The activity of the minute of an instant.
local function minute_key(now) return tag .. ':minute:' .. string.format('%d', math.floor(now / 60000)) end
local function worker_key(id) return tag .. ':worker:' .. id end
-- The key of a name without the tag, as a dump holds it.
local function tagged_key(suffix) return tag .. ':' .. suffix end
