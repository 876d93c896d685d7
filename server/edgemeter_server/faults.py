"""Named points at which a test may kill the process, to prove that nothing accepted is lost there."""

from collections.abc import Callable

_hook: Callable[[str], None] | None = None


def install(hook: Callable[[str], None] | None) -> None:
    """For tests: `hook` is called with the name of each point that is passed."""
    global _hook
    _hook = hook


def point(name: str) -> None:
    """Does nothing in production."""
    if _hook is not None:
        _hook(name)
