-- beat writes a process's counter and shows everybody's.
-- KEYS: era, owners
-- ARGV: era, name, term, beat
-- Returns: {'ok', name, raw, name, raw, ...} | {'fenced'} | {'wiped'}
local refusal = guard(KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3]))
if refusal then return refusal end
redis.call('HSET', KEYS[2], ARGV[2], '{"term":' .. ARGV[3] .. ',"beat":' .. ARGV[4] .. '}')
local reply = { 'ok' }
for _, word in ipairs(redis.call('HGETALL', KEYS[2])) do reply[#reply + 1] = word end
return reply
