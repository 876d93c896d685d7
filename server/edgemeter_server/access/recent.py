"""What was found out a moment ago, so that it need not be asked again. Its memory is bounded."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A value is good for `keep_s`. When full, all is forgotten: it costs a look-up each, no more."""

    def __init__(self, keep_s: float, size: int) -> None:
        self._keep_s = keep_s
        self._size = size
        self._known: dict[K, tuple[float, V]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: K, now_s: float) -> V | None:
        known = self._known.get(key)
        if known is None or known[0] <= now_s:
            return None
        return known[1]

    def put(self, key: K, value: V, asked_s: float) -> None:
        """`asked_s` is from before the question: an answer ages while it is under way."""
        if len(self._known) >= self._size and key not in self._known:
            self._known.clear()
        self._known[key] = (asked_s + self._keep_s, value)

    def clear(self) -> None:
        self._known.clear()
