"""Exit codes of every command, documented in docs/command-line.md."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0  #: done; for `check`: within the limit
    ABOVE = 1  #: `check`: above the limit
    USAGE = 2  #: a wrong option, or a file that cannot be read
    UNDECIDED = 3  #: `check`: the interval holds the limit
    FAILED = 4  #: something could not be measured; the output says what and why
    INTERRUPTED = 130
