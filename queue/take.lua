-- take hands out a remembered place once. Whether it is too old is for the
-- caller of the script to say: Redis knows no time here.
-- KEYS: places
-- ARGV: fingerprint
-- Returns: 'queued dropped' in ms, or '' for none
local place = redis.call('HGET', KEYS[1], ARGV[1]) or ''
redis.call('HDEL', KEYS[1], ARGV[1])
return place
