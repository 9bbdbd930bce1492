-- Time-zone data: whoever has the newest in the fleet plans the schedules that depend on it. In `meta`:
--   tz         newest version among the live workers, such as `2025c`; absent while none says what it has
--   tzPlanned  version that all plans have been looked at with
--   tzPlanner  id of the worker that plans for those with older data, and looks at all plans
--   tzSince    when `tz` or the planner changed, epoch ms
--   tzMix      versions of the live workers, apart by a space
local function is_release(version) return type(version) == 'string' and string.match(version, '^%d%d%d%d%l+$') ~= nil end

-- Versions of the live workers, how many have each, and the newest.
local function count_versions()
  local counts, versions, top = {}, {}, nil
  for _, id in ipairs(redis.call('ZRANGE', ranks, 0, -1)) do
    local version = redis.pcall('HGET', tag .. ':worker:' .. id, 'tz')
    if type(version) == 'string' then
      if not counts[version] then versions[#versions + 1] = version end
      counts[version] = (counts[version] or 0) + 1
      if is_release(version) and (not top or version > top) then top = version end
    end
  end
  table.sort(versions)
  return counts, versions, top
end

-- Keeps these fields true. Answers the newest version or '', the planner or '', whether this worker is to look at all
-- plans, whether there are several versions, and how many have each when these are others than before.
local function tend_zone_data(now, beat_ms, is_elected, looked_with)
  local own = redis.call('HGET', worker, 'tz')
  local newest, planned, planner, since, mix =
    unpack(redis.call('HMGET', meta, 'tz', 'tzPlanned', 'tzPlanner', 'tzSince', 'tzMix'))
  local before = table.concat({ newest or '', planned or '', planner or '', since or '' }, ' ')
  local set, news = {}, {}
  if is_elected then
    local counts, versions, top = count_versions()
    if newest and (not top or top < newest) then
      -- Those that had it are gone. Whoever brings it again looks at all plans again: older data goes into them now.
      newest, planner, since = top or '', '', string.format('%.0f', now)
      if not planned or planned > newest then planned = newest end
    end
    local text = table.concat(versions, ' ')
    if text ~= mix then
      mix = text
      set = { 'tzMix', mix }
      if #versions > 1 then
        for _, version in ipairs(versions) do
          news[#news + 1] = version
          news[#news + 1] = counts[version]
        end
      end
    end
  end
  if is_release(own) and (not newest or own > newest) then
    -- Where nothing was known there is nothing to correct.
    if not newest then planned = own end
    newest, planner, since = own, worker_id, string.format('%.0f', now)
  end
  if own == newest and planner ~= worker_id and not (planner and redis.call('ZSCORE', ranks, planner)) then
    planner, since = worker_id, string.format('%.0f', now)
  end
  if looked_with ~= '' and looked_with == newest and planner == worker_id then planned = newest end
  local after = { newest or '', planned or '', planner or '', since or '' }
  if table.concat(after, ' ') ~= before then
    for i, field in ipairs({ 'tz', 'tzPlanned', 'tzPlanner', 'tzSince' }) do
      set[#set + 1] = field
      set[#set + 1] = after[i]
    end
  end
  if #set > 0 then redis.call('HSET', meta, unpack(set)) end
  -- Every worker has beaten once since, and none with older data goes on planning.
  local looks = planner == worker_id and own == newest and planned ~= newest and now - (tonumber(since) or 0) > beat_ms * 1.2
  return { newest or '', planner or '', looks and 1 or 0, string.find(mix or '', ' ', 1, true) and 1 or 0, news }
end
