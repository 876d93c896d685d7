"""Exit codes of every command, documented in docs/command-line.md."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0  #: done; for `check`: within the limit
    ABOVE = 1  #: `check`: above the limit
    USAGE = 2  #: a wrong option or setting, or a file that cannot be read
    UNDECIDED = 3  #: `check`: the interval holds the limit
    FAILED = 4  #: something could not be measured; the output says what and why
    SERVER = 5  #: the server refused, or did not answer
    UNFINISHED = 6  #: waiting ended before the answer did; the work goes on
    INTERRUPTED = 130
