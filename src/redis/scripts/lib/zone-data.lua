-- Time-zone data: the tz authority, a worker with the newest version, plans the schedules that depend on it. In `meta`:
--   tz         newest version among the live workers, such as `2025c`; absent while none reports one
--   tzPlanned  version with which all plans have been checked
--   tzPlanner  id of the tz authority, which plans for workers with older data, and checks all plans
--   tzSince    when `tz` or `tzPlanner` changed, epoch ms
--   tzMix      versions of the live workers, separated by a space
-- Needs: meta, ranks, worker, worker_id; lib/keys
local function is_release(version) return type(version) == 'string' and string.match(version, '^%d%d%d%d%l+$') ~= nil end

-- Returns the versions of the live workers with their counts, and the newest.
local function count_versions()
  local counts, versions, top = {}, {}, nil
  for _, id in ipairs(redis.call('ZRANGE', ranks, 0, -1)) do
    local version = redis.pcall('HGET', worker_key(id), 'tz')
    if type(version) == 'string' then
      if not counts[version] then versions[#versions + 1] = version end
      counts[version] = (counts[version] or 0) + 1
      if is_release(version) and (not top or version > top) then top = version end
    end
  end
  table.sort(versions)
  return counts, versions, top
end

-- Changes `zones` if no live worker has the newest version any more. Returns the text of `tzMix`; and each version
-- followed by its count, if there are several and they changed.
local function update_mix(zones, mix, now)
  local counts, versions, top = count_versions()
  if zones.newest and (not top or top < zones.newest) then
    -- Workers with older data plan from now on, so a later worker with the newest version checks all plans again.
    zones.newest, zones.authority, zones.since = top or '', '', string.format('%.0f', now)
    if not zones.planned or zones.planned > zones.newest then zones.planned = zones.newest end
  end
  local text, news = table.concat(versions, ' '), {}
  if text ~= mix and #versions > 1 then
    for _, version in ipairs(versions) do
      news[#news + 1] = version
      news[#news + 1] = counts[version]
    end
  end
  return text, news
end

local function values_of(zones)
  return { zones.newest or '', zones.planned or '', zones.authority or '', zones.since or '' }
end

-- Makes this worker the tz authority if its data is newest, or if the authority with the same data is dead.
local function update_authority(zones, own, now, looked_with)
  if is_release(own) and (not zones.newest or own > zones.newest) then
    -- If no version was known, no plan has to be corrected.
    if not zones.newest then zones.planned = own end
    zones.newest, zones.authority, zones.since = own, worker_id, string.format('%.0f', now)
  end
  local is_live = zones.authority and redis.call('ZSCORE', ranks, zones.authority)
  if own == zones.newest and zones.authority ~= worker_id and not is_live then
    zones.authority, zones.since = worker_id, string.format('%.0f', now)
  end
  if looked_with ~= '' and looked_with == zones.newest and zones.authority == worker_id then zones.planned = zones.newest end
end

-- Updates these fields. Returns the newest version or '', the tz authority or '', whether this worker has to check all
-- plans, whether the workers have several versions, and the count of each when that changed.
local function update_zone_data(now, beat_ms, is_elected, looked_with)
  local own = redis.call('HGET', worker, 'tz')
  local values = redis.call('HMGET', meta, 'tz', 'tzPlanned', 'tzPlanner', 'tzSince', 'tzMix')
  local zones = { newest = values[1], planned = values[2], authority = values[3], since = values[4] }
  local mix_before, mix, news = values[5], values[5], {}
  local before = table.concat(values_of(zones), ' ')
  if is_elected then mix, news = update_mix(zones, mix, now) end
  update_authority(zones, own, now, looked_with)
  local set = mix ~= mix_before and { 'tzMix', mix } or {}
  local after = values_of(zones)
  if table.concat(after, ' ') ~= before then
    for i, field in ipairs({ 'tz', 'tzPlanned', 'tzPlanner', 'tzSince' }) do
      set[#set + 1] = field
      set[#set + 1] = after[i]
    end
  end
  if #set > 0 then redis.call('HSET', meta, unpack(set)) end
  -- By then every worker has sent a heartbeat, and none with older data plans any more.
  local checks = zones.authority == worker_id and own == zones.newest and zones.planned ~= zones.newest and
    now - (tonumber(zones.since) or 0) > beat_ms * 1.2
  return { zones.newest or '', zones.authority or '', checks and 1 or 0, string.find(mix or '', ' ', 1, true) and 1 or 0, news }
end
