"""What must happen in Redis in one step (Lua; Redis 6 or Valkey 7.2 and later).

`generations` is a hash with a random generation for each model that has answers, and under the empty name the epoch,
which changes with every clear. An answer counts only while it carries its model's generation, so that taking this away
forgets all of them at once, whatever else is lost: a hash that Redis evicts takes every answer with it. An index is a
sorted set of one generation's keys by the time they expire.
"""

from typing import Final

SWEPT_AT_ONCE: Final = 500
"""Keys that one `SWEEP` removes: a millisecond or so of Redis' only thread."""

STORE: Final = """
local generations, name = KEYS[1], KEYS[2]
local epoch, model, fresh, value, ttl, index, key = unpack(ARGV)
if redis.call('HGET', generations, '') ~= epoch then return false end
local generation = redis.call('HGET', generations, model)
if not generation then
  generation = fresh
  redis.call('HSET', generations, model, generation)
end
redis.call('SET', name, generation .. value, 'PX', ttl)
index = index .. generation
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', index, now + ttl, key)
redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
if redis.call('PTTL', index) < tonumber(ttl) then redis.call('PEXPIRE', index, ttl) end
return generation
"""
"""Store a value, unless anything was cleared since its caller last looked; its generation, or nothing.

So a value that was given up and arrives late, after a clear, is not stored.
"""

CLEAR: Final = """
local generations = KEYS[1]
local epoch, model = unpack(ARGV)
local forgotten = {}
if model then
  forgotten[1] = redis.call('HGET', generations, model) or nil
  redis.call('HDEL', generations, model)
else
  local fields = redis.call('HGETALL', generations)
  for at = 1, #fields, 2 do
    if fields[at] ~= '' then forgotten[#forgotten + 1] = fields[at + 1] end
  end
  redis.call('DEL', generations)
end
redis.call('HSET', generations, '', epoch)
return forgotten
"""
"""Forget one model's answers or all; the generations that were forgotten. To remove them is left to `SWEEP`.

Deletes before it writes, which a full Redis permits.
"""

SWEEP: Final = """
local index = KEYS[1]
local prefix, generation, most = unpack(ARGV)
local keys = redis.call('ZRANGE', index, 0, most - 1)
local removed = {}
for _, key in ipairs(keys) do
  local name = prefix .. key
  if redis.pcall('GETRANGE', name, 0, #generation - 1) == generation then
    redis.call('UNLINK', name)
    removed[#removed + 1] = key
  end
end
redis.call('ZREMRANGEBYRANK', index, 0, most - 1)
return {#keys, removed}
"""
"""Remove some values of a forgotten generation; how many were looked at, and the keys of those still there."""

TAKE: Final = """
local interval, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = tonumber(redis.pcall('GET', KEYS[1])) or 0
local full_at = math.min(math.max(held, now), now + window)
if full_at + interval > now + window then return {0, full_at - now} end
full_at = full_at + interval
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
return {1, full_at - now}
"""
"""Ask for one request: `domain.rate_limit.take`, by the clock of Redis; whether it is admitted, and the microseconds
until the whole limit is there again. What is no number under the key counts as nothing, and is written over.
"""
