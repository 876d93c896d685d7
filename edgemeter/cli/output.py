"""Where output goes: data on stdout, progress and notes on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console


def data_console() -> "Console":
    """The console of results. Without a terminal it is wide enough never to cut a row."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=160)


def note_console() -> "Console":
    from rich.console import Console

    return Console(stderr=True)


def print_json(document: Any) -> None:
    """One JSON document on stdout. Escapes of control characters make it harmless in a terminal."""
    import json

    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n")


class Progress(Protocol):
    """What long work tells of its way: how much there is, and each step with a text."""

    def total(self, steps: int) -> None: ...

    def step(self, text: str) -> None:
        """A step begins; the one before it is done."""
        ...

    def reach(self, done: int, text: str) -> None:
        """So many steps are done, of work that goes on elsewhere and is looked at now and then."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line of its own, such as what is being waited for."""
        ...


class _PlainProgress:
    def __init__(self) -> None:
        self._total, self._done = 0, 0

    def total(self, steps: int) -> None:
        self._total = steps

    def step(self, text: str) -> None:
        self._done += 1
        # Contended visits are repeated: there may be more steps than were planned.
        self._total = max(self._total, self._done)
        self.note(f"[{self._done}/{self._total}] {text}")

    def reach(self, done: int, text: str) -> None:
        if done != self._done:
            self._done = done
            self.note(f"[{done}/{max(self._total, done)}] {text}")

    def note(self, text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


class _BarProgress:
    def __init__(self, console: "Console") -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
        self.bar = Bar(*columns, console=console, transient=True)
        self._task = self.bar.add_task("", total=None)
        self._started = False

    def total(self, steps: int) -> None:
        self.bar.update(self._task, total=steps)

    def step(self, text: str) -> None:
        from rich.markup import escape

        self.bar.update(self._task, advance=1 if self._started else 0, description=escape(text))
        self._started = True

    def reach(self, done: int, text: str) -> None:
        from rich.markup import escape

        self.bar.update(self._task, completed=done, description=escape(text))

    def note(self, text: str) -> None:
        from rich.markup import escape

        self.bar.console.print(escape(text))


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on a terminal's stderr, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield _PlainProgress()
        return
    bar = _BarProgress(note_console())
    with bar.bar:
        yield bar
