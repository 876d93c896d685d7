"""Steps that a system may refuse."""

from collections.abc import Callable


class Attempts:
    """Runs steps and keeps in words what was refused, so that nothing degrades silently."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def __call__(self, what: str, step: Callable[[], object]) -> bool:
        try:
            step()
        except OSError as error:
            self.refused.append(f"{what}: {error.strerror}")
            return False
        return True
