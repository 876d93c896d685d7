"""How a space is named, told apart without loading any."""

from pathlib import Path


def is_file(name: str) -> bool:
    """Whether a name is that of a generated space's file: it ends in .json, or has folders."""
    path = Path(name)
    return path.suffix == ".json" or path.name != name
