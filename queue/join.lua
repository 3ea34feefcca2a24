-- join registers a process under its name with a term above all others.
-- KEYS: era, owners, term
-- ARGV: name, seed (milliseconds; it only starts the counter of an empty data set
--       above the terms of a wiped one, nothing is ever compared with it)
-- Returns: {term, era or ''}
local highest = tonumber(redis.call('GET', KEYS[3]) or ARGV[2]) or tonumber(ARGV[2])
for _, raw in ipairs(redis.call('HVALS', KEYS[2])) do
  local owner = decode(raw)
  if owner and type(owner.term) == 'number' then highest = math.max(highest, owner.term) end
end
local term = string.format('%.0f', highest + 1)
redis.call('SET', KEYS[3], term)
redis.call('HSET', KEYS[2], ARGV[1], '{"term":' .. term .. ',"beat":0}')
return { term, redis.call('GET', KEYS[1]) or '' }
