-- repair removes what somebody else put in the place of our keys. Losing one of
-- them is losing the data set, so the era goes too and a rebuild follows.
-- KEYS: era, term (strings), then calls, agents, owners, places (hashes)
-- Returns: the number of keys removed
local removed = 0
for i, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  local wanted = i <= 2 and 'string' or 'hash'
  if kind ~= 'none' and kind ~= wanted then
    redis.call('DEL', key)
    removed = removed + 1
  end
end
if removed > 0 then redis.call('DEL', KEYS[1]) end
return removed
