-- The next due: the earliest instant of `due` and `pending`, and the number of schedules that share it.
-- Needs: lib/keys, lib/notify
-- `first_pending`: the first member of `pending` with its score, if the caller has read it and it has not changed.
local function read_next_due(first_pending)
  local first_due = redis.call('ZRANGE', due_key(), '0', '1', 'WITHSCORES')
  first_pending = first_pending or redis.call('ZRANGE', pending_key(), '0', '0', 'WITHSCORES')
  local instant, count = -1, 0
  if first_due[2] then
    instant = tonumber(first_due[2])
    -- The schedules are counted only if at least two share the instant.
    local is_alone = not first_due[4] or tonumber(first_due[4]) > instant + 2
    count = is_alone and 1 or redis.call('ZCOUNT', due_key(), first_due[2], instant + 2)
  end
  if first_pending[2] and (count == 0 or tonumber(first_pending[2]) < instant) then
    instant, count = tonumber(first_pending[2]), 1
  end
  return instant, count
end

local function announce_next_due()
  local instant, count = read_next_due()
  notify_next_due(instant, count)
  return instant, count
end

-- Announces only a schedule that is due first, so that a hundred thousand writes do not wake every worker as often.
local function announce_if_first(name)
  local first = redis.call('ZRANGE', due_key(), 0, 0)
  if first[1] == name then announce_next_due() end
end
