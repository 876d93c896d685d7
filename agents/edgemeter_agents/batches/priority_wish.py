"""Which scheduling priority the user wants for timed runs."""

from enum import StrEnum


class PriorityWish(StrEnum):
    AUTO = "auto"  #: the best that is permitted
    FIFO = "fifo"
    NICE = "nice"
    NORMAL = "normal"
