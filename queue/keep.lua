-- keep remembers the place of a caller who dropped out of the queue. The hash is
-- bounded: when it is full, those who dropped out longest ago make room.
-- KEYS: places
-- ARGV: fingerprint, queued (ms), dropped (ms), bound
-- Returns: the number of places pruned
local bound, pruned = tonumber(ARGV[4]), 0
if redis.call('HLEN', KEYS[1]) >= bound then
  local all, flat = {}, redis.call('HGETALL', KEYS[1])
  for i = 1, #flat, 2 do
    all[#all + 1] = { flat[i], tonumber(flat[i + 1]:match(' (%-?%d+)$') or '0') }
  end
  table.sort(all, function(a, b)
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[1] < b[1]
  end)
  -- A tenth more than needed, so that a flood does not sort at every call.
  for i = 1, math.min(#all, #all - bound + 1 + math.floor(bound / 10)) do
    redis.call('HDEL', KEYS[1], all[i][1])
    pruned = pruned + 1
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
return pruned
