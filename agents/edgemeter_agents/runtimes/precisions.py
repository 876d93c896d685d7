"""The precision of a network from that of its heavy operators."""

from collections import Counter
from collections.abc import Iterable

from edgemeter.targets import Precision

#: Precision of a kernel by the type of the tensor it reads, in the words of all engines.
BY_DTYPE = {
    **dict.fromkeys(("float", "float32", "f32"), Precision.FP32),
    **dict.fromkeys(("float16", "f16"), Precision.FP16),
    **dict.fromkeys(("bfloat16", "bf16"), Precision.BF16),
    **dict.fromkeys(("int8", "uint8", "i8", "u8"), Precision.INT8),
}


def prevailing(precisions: Iterable[Precision | None]) -> Precision | None:
    """The one that most have; None where there are none, or most are unknown."""
    return next((precision for precision, _ in Counter(precisions).most_common(1)), None)


def tally(precisions: Iterable[Precision | None]) -> str:
    """As people read it: `int8: 52, fp32: 1`."""
    counts = Counter(precisions).most_common()
    return ", ".join(f"{precision or 'other'}: {count}" for precision, count in counts) or "none"
