-- forget removes the document of a call that has ended.
-- KEYS: era, owners, calls
-- ARGV: era, name, term, channel, call id
-- Returns: {'ok'} (also when it is gone already) | {'law', ...} | {'not-owner', call}
--        | {'fenced'} | {'wiped'}
local refusal = guard(KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3]))
if refusal then return refusal end
local id = ARGV[5]
local doc = document(redis.call('HGET', KEYS[3], id))
if not doc then
  redis.call('HDEL', KEYS[3], id)
  return { 'ok' }
end
if doc.owner ~= ARGV[2] or doc.term ~= tonumber(ARGV[3]) then return { 'not-owner', id } end
if doc.stage ~= 'ended' then return { 'law', '0', 'ended-is-final', id, '' } end
redis.call('HDEL', KEYS[3], id)
publish(ARGV[4], ARGV[1], nil, nil, { cjson.encode(id) })
return { 'ok' }
