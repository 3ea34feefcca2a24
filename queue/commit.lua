-- commit stores calls and agents, all or nothing, if every document is still at
-- the version it started from and no law is broken.
-- KEYS: era, owners, calls, agents
-- ARGV: era, name, term, channel, number of calls, number of agents,
--       then id, from, document for each call and for each agent
-- Returns: {'ok'}
--        | {'again', raw...}     this very change is stored already
--        | {'conflict', raw...}  raw: the current documents in ARGV's order, '' if absent
--        | {'law', law, rule, call, agent}
--        | {'not-owner', call} | {'fenced'} | {'wiped'}
local me, my_term = ARGV[2], tonumber(ARGV[3])
local refusal = guard(KEYS[1], KEYS[2], ARGV[1], me, my_term)
if refusal then return refusal end

-- Read what is written and what it replaces.
local function read(key, first, count)
  local list, by_id = {}, {}
  for i = 0, count - 1 do
    local id, from, raw = ARGV[first + 3 * i], tonumber(ARGV[first + 3 * i + 1]), ARGV[first + 3 * i + 2]
    local stored = redis.call('HGET', key, id) or ''
    local write = { id = id, from = from, raw = raw, stored = stored, new = document(raw), old = document(stored) }
    list[#list + 1] = write
    by_id[id] = write
  end
  return list, by_id
end
local call_count, agent_count = tonumber(ARGV[5]), tonumber(ARGV[6])
local calls, call_by_id = read(KEYS[3], 7, call_count)
local agents, agent_by_id = read(KEYS[4], 7 + 3 * call_count, agent_count)

local function law(number, rule, call, agent) return { 'law', tostring(number), rule, call or '', agent or '' } end
local function current(word)
  local reply = { word }
  for _, w in ipairs(calls) do reply[#reply + 1] = w.stored end
  for _, w in ipairs(agents) do reply[#reply + 1] = w.stored end
  return reply
end

-- Ownership and form.
for _, w in ipairs(calls) do
  if not w.new or w.new.id ~= w.id or w.new.version ~= w.from + 1 or w.new.owner ~= me or w.new.term ~= my_term then
    return law(0, 'form', w.id)
  end
  if w.old and (w.old.owner ~= me or w.old.term ~= my_term) then return { 'not-owner', w.id } end
  if not w.old and w.from > 0 then return { 'not-owner', w.id } end
end
for _, w in ipairs(agents) do
  if not w.new or not w.new.profile or w.new.profile.id ~= w.id or w.new.version ~= w.from + 1 then
    return law(0, 'form', nil, w.id)
  end
end

-- A change whose reply was lost is known by its documents: a call is written by
-- its owner alone, so an identical call proves that the whole change is stored.
local proof = call_count > 0 and calls or agents
local again = #proof > 0
for _, w in ipairs(proof) do again = again and w.stored == w.raw end
if again then return current('again') end

-- Versions. Lower than what was acknowledged: acknowledged writes are lost. That
-- ends the era, so that every process learns of it and brings what it knows.
local moved = false
for _, list in ipairs({ calls, agents }) do
  for _, w in ipairs(list) do
    local version = w.old and w.old.version or 0
    if w.old and version < w.from then
      redis.call('DEL', KEYS[1])
      return { 'wiped' }
    end
    moved = moved or version ~= w.from
  end
end
if moved then return current('conflict') end

-- The laws, on the documents as they are and as they would be.
local function text(s) return type(s) == 'string' and s or '' end
local function offer(c) return c and type(c.offer) == 'table' and c.offer or {} end
local function engaged(c) return c and (c.stage == 'offered' or c.stage == 'talking') end
local function names(c, agent_id) return engaged(c) and offer(c).agent == agent_id end
local function held(a) return a and (a.state == 'reserved' or a.state == 'talking') end
local function after(by_id, key, id)
  if by_id[id] then return by_id[id].new end
  return document(redis.call('HGET', key, id))
end
local function fits(profile, pool)
  if pool == 'women' then return profile.woman == true end
  if pool == 'male-officers' then return profile.woman ~= true and profile.officer == true end
  return false
end
local function free(a)
  if not a or a.status ~= 'available' or a.online ~= true or a.elsewhere == true
      or (a.leg or '') ~= '' then return false end
  if a.state == 'idle' then return true end
  return a.state == 'wrap-up' and type(a.after) == 'table' and a.after.interruptible == true
end

local function engages(w)
  local old, new = w.old, w.new
  local who, leg = text(offer(new).agent), offer(new).leg
  local entering = not old or old.stage ~= new.stage or offer(old).agent ~= who or offer(old).leg ~= leg
  if entering and new.stage == 'offered' and not (old and old.stage == 'waiting') then
    return law(2, 'waited', w.id, who)
  end
  if entering and new.stage == 'talking' and
    not (old and old.stage == 'offered' and offer(old).agent == who and offer(old).leg == leg) then
    return law(2, 'connected', w.id, who)
  end
  local a = after(agent_by_id, KEYS[4], who)
  local wanted = new.stage == 'offered' and 'reserved' or 'talking'
  if not a or a.call ~= w.id or a.state ~= wanted then return law(2, 'named', w.id, who) end
  if (entering or old.pool ~= new.pool) and not fits(a.profile or {}, new.pool) then
    return law(3, 'pool', w.id, who)
  end
end

local function call_breaks(w)
  local old, new = w.old, w.new
  if old and old.stage == 'ended' and new.stage ~= 'ended' then return law(0, 'ended-is-final', w.id) end
  if old and old.queued and old.queued ~= new.queued then return law(1, 'place', w.id) end
  if engaged(new) then
    local broken = engages(w)
    if broken then return broken end
  end
  if engaged(old) and not names(new, offer(old).agent) then
    local a = after(agent_by_id, KEYS[4], text(offer(old).agent))
    if held(a) and a.call == w.id then return law(2, 'still-holding', w.id, offer(old).agent) end
  end
end

local function agent_breaks(w)
  local old, new = w.old, w.new
  if held(new) and not (old and old.state == new.state and old.call == new.call) then
    local id = text(new.call)
    if new.state == 'reserved' then
      if not free(old) then return law(2, 'free', id, w.id) end
      local c = call_by_id[id]
      if not (c and c.old and c.old.stage == 'waiting' and c.new.stage == 'offered' and names(c.new, w.id)) then
        return law(2, 'waited', id, w.id)
      end
    else
      if not (old and old.state == 'reserved' and old.call == new.call) then return law(2, 'connected', id, w.id) end
      local c = after(call_by_id, KEYS[3], id)
      if not (names(c, w.id) and c.stage == 'talking') then return law(2, 'connected', id, w.id) end
    end
  end
  local left = text(old and old.call)
  if left ~= '' and (new.call ~= left or (held(old) and not held(new))) and not call_by_id[left] then
    if names(document(redis.call('HGET', KEYS[3], left)), w.id) then return law(2, 'still-named', left, w.id) end
  end
end

for _, w in ipairs(agents) do
  local broken = agent_breaks(w)
  if broken then return broken end
end
for _, w in ipairs(calls) do
  local broken = call_breaks(w)
  if broken then return broken end
end

local stored_calls, stored_agents = {}, {}
for _, w in ipairs(calls) do
  redis.call('HSET', KEYS[3], w.id, w.raw)
  stored_calls[#stored_calls + 1] = w.raw
end
for _, w in ipairs(agents) do
  redis.call('HSET', KEYS[4], w.id, w.raw)
  stored_agents[#stored_agents + 1] = w.raw
end
publish(ARGV[4], ARGV[1], stored_calls, stored_agents)
return { 'ok' }
