-- Merges what a sensor says of a session (ARGV: origin, flags, suite, server, kind, seconds) into what Redis has
-- of it (KEYS[1]). origins.h describes the value and the rules. Comments and indentation are not sent.
local new = table.concat({ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]}, ' ')
local kind = ARGV[5]
local old = redis.call('GET', KEYS[1])
if old == '?' then
  new = old
elseif old then
  local o, f, u, s, h = string.match(old, '^(%d+) (%d+) (%d+) (%x+) (%l)$')
  local keep = tonumber(o or 0) >= tonumber(ARGV[1])
  if o then
    if kind == 'd' then
      f = tonumber(f)
      -- the session that ended, not a later one of the same name: mark it dead (4), once
      if f % 8 < 4 and (h == 's' or tonumber(o) <= tonumber(ARGV[1])) then f = f + 4 end
      new = table.concat({o, f, u, s, h}, ' ')
    elseif kind == 's' then
      if h ~= 's' or not keep then new = old end
    elseif h ~= 's' then
      if s ~= ARGV[4] then
        new = '?'
      elseif keep and not (kind == 'p' and tonumber(o) == tonumber(ARGV[1])) then
        new = old
      end
    end
  end
elseif kind == 'd' then
  return 0
end
redis.call('SET', KEYS[1], new, 'EX', ARGV[6])
return 1
