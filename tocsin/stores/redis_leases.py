"""Leases in Redis, by its own clock, each call one atomic step. Should Redis lose them, they are taken anew."""

from collections.abc import Collection
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tocsin.errors import UserError

_SECONDS = 5.0
"""How long the server may take to answer."""
_SCRIPT = """
-- KEYS[1]: hash of name -> end, token, owner, apart by spaces; times in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local command, owner, span = ARGV[1], ARGV[2], tonumber(ARGV[3])

local function read(value)
  local ends, token, its = string.match(value or '', '^(%d+) (%d+) (.*)$')
  return tonumber(ends) or 0, tonumber(token) or 0, its
end

if command == 'held' then
  local found, all = {}, redis.call('HGETALL', KEYS[1])
  for at = 1, #all, 2 do
    local ends, _, its = read(all[at + 1])
    if ends > now and string.sub(all[at], 1, #owner) == owner then
      found[#found + 1] = all[at]
      found[#found + 1] = its
    elseif ends + 86400000000 < now then
      redis.call('HDEL', KEYS[1], all[at])
    end
  end
  return found
end

if command == 'heard' then
  local found, all = {}, redis.call('HGETALL', KEYS[1])
  for at = 1, #all, 2 do
    local ends = read(all[at + 1])
    if string.sub(all[at], 1, #owner) == owner then
      found[#found + 1] = all[at]
      found[#found + 1] = string.format('%.0f', now - (ends - span))
    end
  end
  return found
end

if command == 'forget' then
  local _, _, its = read(redis.call('HGET', KEYS[1], ARGV[4]))
  if its == owner then
    redis.call('HDEL', KEYS[1], ARGV[4])
  end
  return {}
end

local tokens = {}
for at = 4, #ARGV do
  local ends, token, its = read(redis.call('HGET', KEYS[1], ARGV[at]))
  local over = ends <= now
  local ours = its == owner and not over
  if command == 'take' and over then
    -- Of the clock: it grows also where Redis has forgotten the one before.
    token, ours = math.max(token + 1, now), true
  end
  if ours then
    redis.call('HSET', KEYS[1], ARGV[at], string.format('%.0f %.0f %s', now + span, token, owner))
  end
  tokens[#tokens + 1] = ours and token or 0
end
return tokens
"""


class RedisLeases:
    """Leases of the stores of one prefix."""

    def __init__(self, client: Redis, prefix: str, told: str) -> None:
        self._client = client
        self._key = f"{{{prefix}}}:leases"
        self._told = told
        self._script = client.register_script(_SCRIPT)

    @staticmethod
    def open(url: str, prefix: str) -> "RedisLeases":
        """Connect to the server at ``redis://…``."""
        client = Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
        return RedisLeases(client, prefix, url.rpartition("@")[2])

    def take(self, name: str, owner: str, seconds: float) -> int:
        """Lease a name that is free, or lease one's own anew. Returns its token, or 0 where another one has it."""
        return int(self._ask("take", owner, seconds, [name])[0])

    def take_all(self, names: Collection[str], owner: str, seconds: float) -> set[str]:
        """Take many names in one go. Returns those that are the owner's now."""
        return {name for name, token in zip(names, self._ask("take", owner, seconds, names), strict=True) if token}

    def keep(self, name: str, owner: str, seconds: float) -> bool:
        """Lease one's own name for so many seconds from now. False where the lease is over or another one has it."""
        return bool(self._ask("keep", owner, seconds, [name])[0])

    def give_back(self, name: str, owner: str) -> None:
        """End a lease, if it is one's own."""
        self.give_all_back([name], owner)

    def give_all_back(self, names: Collection[str], owner: str) -> None:
        """End many leases in one go, those that are one's own."""
        self._ask("keep", owner, 0.0, names)

    def held(self, beginning: str) -> dict[str, str]:
        """The names beginning so that are leased now, and who has them."""
        told = [part.decode() for part in self._ask("held", beginning, 0.0, ())]
        return dict(sorted(zip(told[::2], told[1::2], strict=True)))

    def heard(self, beginning: str, seconds: float) -> dict[str, float]:
        """Names beginning so, and how many seconds ago each was leased last, for so many seconds; over ones too."""
        told = [part.decode() for part in self._ask("heard", beginning, seconds, ())]
        return {name: max(0.0, int(ago) / 1e6) for name, ago in sorted(zip(told[::2], told[1::2], strict=True))}

    def forget(self, name: str, owner: str) -> None:
        """End a lease of one's own, and leave nothing of its name, not even that it is over."""
        self._ask("forget", owner, 0.0, [name])

    def _ask(self, command: str, owner: str, seconds: float, names: Collection[str]) -> Any:
        try:
            return self._script([self._key], [command, owner, round(seconds * 1e6), *names])
        except RedisError as error:
            raise UserError(f"Redis at {self._told} does not answer: {error}.", 1) from error

    def close(self) -> None:
        """End all connections; leases stay until they are over."""
        self._client.close()
