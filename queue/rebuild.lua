-- rebuild stores one process's part of a lost data set, if nothing has moved
-- since it was merged. No law is checked here: the merge has done that on the
-- documents that this script finds unchanged.
-- KEYS: era, owners, calls, agents, term
-- ARGV: era as read ('' for none), era to be, name, term, channel,
--       number of calls, number of agents,
--       then id, version as read, document ('' to only compare) for each
-- Returns: {'ok'} | {'moved'} (read and merge again) | {'fenced'}
local name, term = ARGV[3], tonumber(ARGV[4])
local registered = registration(KEYS[2], name)
if registered and registered > term then return { 'fenced' } end
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return { 'moved' } end

local call_count, agent_count = tonumber(ARGV[6]), tonumber(ARGV[7])
local function each(visit)
  for i = 0, call_count + agent_count - 1 do
    local key = i < call_count and KEYS[3] or KEYS[4]
    visit(key, ARGV[8 + 3 * i], tonumber(ARGV[9 + 3 * i]), ARGV[10 + 3 * i])
  end
end

local moved = false
each(function(key, id, from)
  local doc = document(redis.call('HGET', key, id))
  moved = moved or (doc and doc.version or 0) ~= from
end)
if moved then return { 'moved' } end

redis.call('SET', KEYS[1], ARGV[2])
if not registered or registered < term then
  redis.call('HSET', KEYS[2], name, '{"term":' .. ARGV[4] .. ',"beat":0}')
end
if (tonumber(redis.call('GET', KEYS[5]) or '0') or 0) < term then redis.call('SET', KEYS[5], ARGV[4]) end
local calls, agents = {}, {}
each(function(key, id, _, raw)
  if raw == '' then return end
  redis.call('HSET', key, id, raw)
  local list = key == KEYS[3] and calls or agents
  list[#list + 1] = raw
end)
publish(ARGV[5], ARGV[2], calls, agents)
return { 'ok' }
