#!lua flags=allow-oom
-- What every script begins with. allow-oom: our documents are few and bounded
-- by the number of people; a full memory is no reason to leave a caller alone.

-- decode is the document behind a raw string, or nil. What cannot be read counts
-- as absent, so that it can be written anew.
local function decode(raw)
  if not raw or raw == '' then return nil end
  local ok, doc = pcall(cjson.decode, raw)
  if ok and type(doc) == 'table' then return doc end
  return nil
end

-- document is a decoded call or agent; without a version it is none of ours.
local function document(raw)
  local doc = decode(raw)
  if doc and type(doc.version) == 'number' then return doc end
  return nil
end

-- registration is the term under which a name is registered, or nil.
local function registration(owners_key, name)
  local owner = decode(redis.call('HGET', owners_key, name))
  if owner and type(owner.term) == 'number' then return owner.term end
  return nil
end

-- guard is the refusal that meets a process without the right to write, or nil.
-- A term that is lower than ours, or unknown, means that the data set lost the
-- write that registered us: a refusal to be healed by a rebuild.
local function guard(era_key, owners_key, era, name, term)
  local registered = registration(owners_key, name)
  if registered and registered > term then return { 'fenced' } end
  if era == '' or redis.call('GET', era_key) ~= era then return { 'wiped' } end
  if not registered or registered < term then return { 'wiped' } end
  return nil
end

-- publish tells watchers. Each argument is a list of raw JSON texts or nil; the
-- documents go out byte for byte as they were stored.
local function publish(channel, era, calls, agents, gone, dismissed)
  local list = function(raws) return table.concat(raws or {}, ',') end
  redis.call('PUBLISH', channel, '{"era":' .. cjson.encode(era) ..
    ',"calls":[' .. list(calls) .. '],"agents":[' .. list(agents) ..
    '],"gone":[' .. list(gone) .. '],"dismissed":[' .. list(dismissed) .. ']}')
end
