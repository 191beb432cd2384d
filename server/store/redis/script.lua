-- The one script of a cluster: compare, conditions, records, stream, leases, turn, tick and PUBLISH in one step.
-- KEYS: records, changes, leases, ttls, then for soft state its hash, or for the second log its records and changes. ARGV:
-- operation, "" or the time that tests say it is (microseconds), the newest format the caller can write (a new cluster gets
-- it), the oldest, then what the operation takes.
-- Answers {outcome, now, hold, head, next lapse, ...}. Errors do not roll back, so everything is checked before the first
-- write. Revisions exceed what a Lua number holds: they are only ever compared as text.
local records, changes, leases, ttls = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local moves = KEYS[6] ~= nil
local data, stream = moves and KEYS[5] or records, moves and KEYS[6] or changes
local TICK_LIMIT, TICK_EVERY, TURN = 2000000, 100000, 20000

local now
if ARGV[2] == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
else
  now = tonumber(ARGV[2])
end

local function int(number)
  return string.format('%.0f', number)
end

local meta = redis.call('HMGET', records, 'head', 'format', 'tick', 'hold', moves and 'moves_turn' or 'turn', 'moves')
local cluster_head = meta[1] or ''
local head = moves and (meta[6] or '') or cluster_head
local hold = tonumber(meta[4] or '0')

-- Time that nobody counted, or that was counted twice: leases may have run out while no renewal could come.
local function begin_hold()
  local longest = 0
  local all = redis.call('HGETALL', ttls)
  for i = 1, #all, 2 do
    local ttl = all[i + 1] * 1000
    longest = math.max(longest, ttl)
    local score = redis.call('ZSCORE', leases, all[i])
    if score and tonumber(score) > now + ttl then
      redis.call('ZADD', leases, 'XX', int(now + ttl), all[i])
    end
  end
  hold = now + longest
  redis.call('HSET', records, 'hold', int(hold))
end

local function tick()
  local last = tonumber(meta[3] or '0')
  if cluster_head == '' then
    return
  end
  if now < last or now - last > TICK_LIMIT then
    begin_hold()
  end
  if now < last or now - last >= TICK_EVERY then
    redis.call('HSET', records, 'tick', int(now))
  end
end

local function next_lapse()
  if hold > now then
    return int(hold)
  end
  local first = redis.call('ZRANGE', leases, '(' .. int(now), '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
  return first[2] and int(tonumber(first[2])) or ''
end

local function answer(outcome, ...)
  return {outcome, int(now), int(hold), head, next_lapse(), ...}
end

local at = 4
local function take()
  at = at + 1
  return ARGV[at]
end

local operations = {}

-- A replica that keeps losing gets the next turn: without it one that is further away commits nothing.
local function read_turn()
  local owner, losses, till = string.match(meta[5] or '', '^(%S+) (%d+) (%d+)$')
  if owner and tonumber(till) > now and tonumber(till) <= now + TURN then
    return owner, tonumber(losses), tonumber(till) - now
  end
end

-- What it missed comes with its stream: through Lua it would be converted twice. Answers how long it is another's turn.
local function conflict(me, losses)
  local owner, best, left = read_turn()
  if losses > 0 and (not owner or owner == me or best < losses) then
    redis.call('HSET', records, moves and 'moves_turn' or 'turn', me .. ' ' .. int(losses) .. ' ' .. int(now + TURN))
    owner = me
  end
  return answer('conflict', owner and owner ~= me and int(left) or '')
end

-- A user who may not do this would be stopped by it in the middle, with the head written and not the records. Redis 6.2
-- cannot be asked. What may be done with the keys is checked with the call itself.
local function forbidden(channel)
  local may = redis.acl_check_cmd
  if not may then
    return nil
  end
  return not may('PUBLISH', channel, '') and 'PUBLISH to ' .. channel
    or not may('HSET', records, '', '') and 'HSET'
    or not may('HDEL', records, '') and 'HDEL'
    or not may('XADD', changes, '*', '', '') and 'XADD'
    or not may('XTRIM', changes, 'MINID', '0') and 'XTRIM'
    or not may('ZADD', leases, '0', '') and 'ZADD'
    or not may('ZREM', leases, '') and 'ZREM'
    or not may('DEL', changes) and 'DEL'
    or nil
end

local function is_over(incarnation)
  local score = redis.call('ZSCORE', leases, incarnation)
  return not score or tonumber(score) <= now
end

-- A call from Lua costs more than what it does: as much as fits goes into one. Lua unpacks a few thousand at most.
local UNPACK = 2000

local function call_all(command, key, count)
  while count > 0 do
    local some = math.min(count, UNPACK)
    redis.call(command, key, unpack(ARGV, at + 1, at + some))
    at = at + some
    count = count - some
  end
end

local function grant(count)
  local scores = {}
  for i = 1, count do
    scores[2 * i - 1] = int(now + ARGV[at + 2 * i] * 1000)
    scores[2 * i] = ARGV[at + 2 * i - 1]
  end
  for i = 1, #scores, UNPACK do
    redis.call('ZADD', leases, unpack(scores, i, math.min(i + UNPACK - 1, #scores)))
  end
  call_all('HSET', ttls, 2 * count)
end

local function end_leases(count)
  local first = at
  call_all('ZREM', leases, count)
  at = first
  call_all('HDEL', ttls, count)
end

function operations.append()
  local expected, me, losses, new_head, keep = take(), take(), tonumber(take()), take(), take()
  local channel, beside = take(), take()
  local format = tonumber(meta[2] or '0') or 0
  if cluster_head ~= '' and (format > tonumber(ARGV[3]) or format < tonumber(ARGV[4])) then
    return answer('format', int(format))
  end
  if head ~= expected then
    return conflict(me, losses)
  end
  if moves and cluster_head ~= beside then
    return answer('cluster moved')
  end
  local owner, _, left = read_turn()
  if owner and owner ~= me then
    return answer('turn', int(left))
  end
  local lapsed = tonumber(take())
  if lapsed > 0 then
    tick()
    if now < hold then
      return answer('unmet')
    end
  end
  for _ = 1, lapsed do
    if not is_over(take()) then
      return answer('unmet')
    end
  end
  local what = forbidden(channel)
  if what then
    return redis.error_reply("NOPERM qvtd's Redis user may not " .. what)
  end
  -- Keys of another type end the script here, before anything is written.
  redis.call('ZCARD', leases)
  redis.call('HLEN', ttls)
  redis.call('HLEN', data)
  local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if head == '' then
    redis.call('DEL', stream)
    if moves then
      redis.call('DEL', data)
    else
      redis.call('DEL', leases, ttls)
      redis.call('HDEL', records, 'moves')
      redis.call('HSET', records, 'format', ARGV[3], 'tick', int(now))
    end
  elseif last and last[1] ~= string.match(head, ' (%d+) ') .. '-0' then
    return redis.error_reply('DAMAGED ' .. stream .. ' does not end at the head')
  end
  redis.call('HSET', records, moves and 'moves' or 'head', new_head)
  if owner then
    redis.call('HDEL', records, moves and 'moves_turn' or 'turn')
  end
  grant(tonumber(take()))
  end_leases(tonumber(take()))
  for _ = 1, take() do
    local id, bytes, event = take(), take(), take()
    redis.call('XADD', stream, id, 'change', bytes)
    redis.call('PUBLISH', channel, event)
  end
  while at < #ARGV do
    call_all('HSET', data, 2 * take())
    call_all('HDEL', data, tonumber(take()))
  end
  if keep ~= '' then
    redis.call('XTRIM', stream, 'MINID', keep)
  end
  head = new_head
  return answer('ok')
end

-- Renews what there is; a 1 for each lease found.
function operations.renew()
  tick()
  local count = (#ARGV - at) / 2
  local incarnations, renewed, found = {}, {}, {}
  for i = 1, count do
    incarnations[i] = ARGV[at + 2 * i - 1]
  end
  local scores = redis.call('ZMSCORE', leases, unpack(incarnations))
  local ttl, score
  for i = 1, count do
    found[i] = scores[i] and '1' or '0'
    if scores[i] then
      if ttl ~= ARGV[at + 2 * i] then
        ttl = ARGV[at + 2 * i]
        score = int(now + ttl * 1000)
      end
      renewed[#renewed + 1] = score
      renewed[#renewed + 1] = incarnations[i]
    end
  end
  if #renewed > 0 then
    redis.call('ZADD', leases, 'XX', unpack(renewed))
  end
  return {'ok', int(now), int(hold), head, '?', table.concat(found)}
end

-- The tick: how things stand.
function operations.head()
  tick()
  return answer('ok', meta[2] or '')
end

-- When leases end. The caller knows silos that have them: where these are still the records, one that has none gets a full
-- one.
function operations.look()
  local ends, expected = {}, take()
  tick()
  while at < #ARGV do
    local incarnation, ttl = take(), take()
    local score = redis.call('ZSCORE', leases, incarnation)
    if not score and head == expected and head ~= '' then
      score = int(now + ttl * 1000)
      redis.call('ZADD', leases, score, incarnation)
      redis.call('HSET', ttls, incarnation, ttl)
    end
    ends[#ends + 1] = score or ''
  end
  return answer('ok', meta[2] or '', ends)
end

function operations.lapsed()
  local most, over = take(), {}
  tick()
  if now >= hold then
    over = redis.call('ZRANGE', leases, '-inf', int(now), 'BYSCORE', 'LIMIT', 0, most)
  end
  return answer('ok', over)
end

-- Only by who knows the records as they are: to one behind, a new silo's lease looks like nobody's.
function operations.drop()
  local expected = take()
  while head == expected and at < #ARGV do
    local incarnation = take()
    redis.call('ZREM', leases, incarnation)
    redis.call('HDEL', ttls, incarnation)
  end
  return answer('ok')
end

function operations.reset()
  local seen, new_head = take(), take()
  if head == seen and head ~= '' then
    redis.call('HSET', records, 'head', new_head)
    redis.call('DEL', changes)
    if meta[6] then
      -- One store_id for both logs.
      redis.call('HSET', records, 'moves', string.match(new_head, '^%S+') .. string.match(meta[6], ' .*$'))
      redis.call('DEL', KEYS[5])
    end
    head = new_head
  end
  return answer('ok')
end

function operations.publish()
  local replica, ttl, value = take(), take(), take()
  redis.call('HSET', KEYS[5], replica, int(now + ttl * 1000) .. ' ' .. value)
  redis.call('PEXPIRE', KEYS[5], int(math.max(tonumber(ttl), redis.call('PTTL', KEYS[5]))))
  return answer('ok')
end

function operations.collect()
  local all, names, values = redis.call('HGETALL', KEYS[5]), {}, {}
  for i = 1, #all, 2 do
    local till, value = string.match(all[i + 1], '^(%d+) (.*)$')
    if tonumber(till) > now then
      names[#names + 1] = all[i]
      values[all[i]] = value
    end
  end
  table.sort(names)
  for i = 1, #names do
    names[i] = {names[i], values[names[i]]}
  end
  return answer('ok', names)
end

return operations[ARGV[1]]()
