-- dismiss removes the document of an agent who has left the roster.
-- KEYS: era, owners, agents
-- ARGV: era, name, term, channel, agent id
-- Returns: {'ok'} (also when it is gone already) | {'law', ...} | {'fenced'} | {'wiped'}
local refusal = guard(KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3]))
if refusal then return refusal end
local id = ARGV[5]
local doc = document(redis.call('HGET', KEYS[3], id))
if doc and (doc.state == 'reserved' or doc.state == 'talking') then
  return { 'law', '2', 'still-holding', type(doc.call) == 'string' and doc.call or '', id }
end
if redis.call('HDEL', KEYS[3], id) == 1 then
  publish(ARGV[4], ARGV[1], nil, nil, nil, { cjson.encode(id) })
end
return { 'ok' }
