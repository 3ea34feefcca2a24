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
local function guests(c) return c and type(c.guests) == 'table' and c.guests or {} end
local function guest(c, agent_id)
  for _, g in ipairs(guests(c)) do
    if type(g) == 'table' and text(g.agent) ~= '' and g.agent == agent_id then return g end
  end
end
local function supervises(g) return g.wish == 'listen' or g.wish == 'whisper' or g.wish == 'barge' or g.wish == 'take-over' end
local function names(c, agent_id)
  return engaged(c) and (offer(c).agent == agent_id or guest(c, agent_id) ~= nil)
end
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
local function reachable(a) return a and a.online == true and a.elsewhere ~= true and (a.leg or '') == '' end
local function free(a)
  if not reachable(a) or a.status ~= 'available' then return false end
  if a.state == 'idle' then return true end
  return a.state == 'wrap-up' and type(a.after) == 'table' and a.after.interruptible == true
end

-- invites checks a guest of a call: she is held by it, and law 3 lets her be there.
local function invites(w, g)
  local who = text(g.agent)
  if who == '' then return nil end
  if w.new.stage ~= 'talking' or who == text(offer(w.new).agent) then return law(2, 'guest', w.id, who) end
  local a = after(agent_by_id, KEYS[4], who)
  local wanted = g.up == true and 'talking' or 'reserved'
  if not a or a.call ~= w.id or a.state ~= wanted then return law(2, 'named', w.id, who) end
  local was = guest(w.old, who)
  local entering = not was or was.leg ~= g.leg
  if (entering or w.old.pool ~= w.new.pool) and not fits(a.profile or {}, w.new.pool) then
    return law(3, 'pool', w.id, who)
  end
end

local function engages(w)
  local old, new = w.old, w.new
  local who, leg = text(offer(new).agent), offer(new).leg
  local entering = not old or old.stage ~= new.stage or offer(old).agent ~= who or offer(old).leg ~= leg
  if entering and new.stage == 'offered' and not (old and old.stage == 'waiting') then
    return law(2, 'waited', w.id, who)
  end
  local was = guest(old, who)
  if entering and new.stage == 'talking' and
    not (old and old.stage == 'offered' and offer(old).agent == who and offer(old).leg == leg) and
    not (old and old.stage == 'talking' and was and was.leg == leg) then
    return law(2, 'connected', w.id, who)
  end
  local a = after(agent_by_id, KEYS[4], who)
  local wanted = new.stage == 'offered' and 'reserved' or 'talking'
  if not a or a.call ~= w.id or a.state ~= wanted then return law(2, 'named', w.id, who) end
  if (entering or old.pool ~= new.pool) and not fits(a.profile or {}, new.pool) then
    return law(3, 'pool', w.id, who)
  end
  for _, g in ipairs(guests(new)) do
    local broken = type(g) == 'table' and invites(w, g)
    if broken then return broken end
  end
end

-- still_holding is the refusal of a call that lets go of an agent who is held by it.
local function still_holding(w, who)
  if names(w.new, who) then return nil end
  local a = after(agent_by_id, KEYS[4], who)
  if held(a) and a.call == w.id then return law(2, 'still-holding', w.id, who) end
end

local function call_breaks(w)
  local old, new = w.old, w.new
  if old and old.stage == 'ended' and new.stage ~= 'ended' then return law(0, 'ended-is-final', w.id) end
  if old and old.queued and old.queued ~= new.queued then return law(1, 'place', w.id) end
  if engaged(new) then
    local broken = engages(w)
    if broken then return broken end
  end
  if engaged(old) then
    local broken = still_holding(w, text(offer(old).agent))
    if broken then return broken end
    for _, g in ipairs(guests(old)) do
      broken = type(g) == 'table' and text(g.agent) ~= '' and still_holding(w, g.agent)
      if broken then return broken end
    end
  end
end

local function agent_breaks(w)
  local old, new = w.old, w.new
  if held(new) and not (old and old.state == new.state and old.call == new.call) then
    local id = text(new.call)
    if new.state == 'reserved' then
      local c = call_by_id[id]
      local g = c and guest(c.new, w.id)
      local invited = g and c.old and c.old.stage == 'talking' and c.new.stage == 'talking' and not guest(c.old, w.id)
      local offered = c and c.old and c.old.stage == 'waiting' and c.new.stage == 'offered' and offer(c.new).agent == w.id
      local aside = invited and supervises(g) and reachable(old) and old.state == 'idle'
      if not free(old) and not aside then return law(2, 'free', id, w.id) end
      if not invited and not offered then return law(2, 'waited', id, w.id) end
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
