-- adopt moves a call to another owner: only the call that was seen, and only if
-- its owner has been superseded or is declared dead by the adopter. The raised
-- version and the new owner make every later write of the old one fail.
-- KEYS: era, owners, calls
-- ARGV: era, name, term, channel, call id, version seen, owner seen, term seen,
--       dead ('1' or '0'), document
-- Returns: {'ok'} (also when this very adoption is stored already)
--        | {'conflict', raw} | {'not-owner', call} (absent, or its owner lives)
--        | {'fenced'} | {'wiped'}
local refusal = guard(KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3]))
if refusal then return refusal end
local id, raw = ARGV[5], ARGV[10]
local stored = redis.call('HGET', KEYS[3], id)
if stored == raw then return { 'ok' } end
local doc = document(stored)
if not doc then return { 'not-owner', id } end
if doc.version ~= tonumber(ARGV[6]) or doc.owner ~= ARGV[7] or doc.term ~= tonumber(ARGV[8]) then
  return { 'conflict', stored }
end
if registration(KEYS[2], ARGV[7]) == doc.term and ARGV[9] ~= '1' then return { 'not-owner', id } end
redis.call('HSET', KEYS[3], id, raw)
publish(ARGV[4], ARGV[1], { raw })
return { 'ok' }
