"""What a process keeps in memory: the latest asked for."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """At most so many; what was not asked for longest goes first. Reads of SQLite ask from several threads:
    at worst one of them misses what is there.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        if (value := self._values.pop(key, None)) is not None:
            self._values[key] = value
        return value

    def put(self, key: K, value: V) -> None:
        self._values.pop(key, None)
        self._values[key] = value
        while len(self._values) > self._most:
            self._values.popitem(last=False)


class KeptUntilWritten(Generic[K, V]):
    """What was read of a database, until its next write: `version` is what it told before the reading. None,
    as where others write too: nothing is kept.
    """

    def __init__(self, most: int) -> None:
        self._kept: Kept[K, tuple[int, V]] = Kept(most)

    def get(self, version: int | None, key: K) -> V | None:
        known = self._kept.get(key)
        return known[1] if known is not None and known[0] == version else None

    def put(self, version: int | None, key: K, value: V) -> None:
        if version is not None:
            self._kept.put(key, (version, value))
