"""What rules of fusion may ask about an operator: itself, and what has become of those before it.

A feature is a number, which rules compare, or a text, which they recognise.
"""

from collections.abc import Callable, Mapping
from math import gcd, prod
from typing import Final, NamedTuple

from edgemeter.graphs.graph import Attribute, words
from edgemeter.kernels.wiring import Activation, Node
from edgemeter_predictors.kernels.telling.blocks import channels, largest_block
from edgemeter_predictors.kernels.telling.drafts import Draft, Drafts
from edgemeter_predictors.kernels.telling.trees import Value

Feature = Callable[["Context"], Value]

_ATTRIBUTE: Final = "attribute "
#: Sizes, which other features have in a form that rules can use.
_SIZES: Final = frozenset(
    words(
        """
        kernel_shape strides pads dilations group output_shape filter_height filter_width stride_h stride_w
        dilation_h_factor dilation_w_factor new_shape new_height new_width
        """
    )
)


class Context(NamedTuple):
    """The operator at `position`, once all before it have found their kernels."""

    node: Node
    drafts: Drafts
    position: int

    def map(self, place: int) -> Activation | None:
        maps = self.node.maps
        return maps[place] if place < len(maps) else None

    def writer(self, place: int) -> Draft | None:
        tensor = self.map(place)
        return None if tensor is None else self.drafts.writer(tensor)


def _shape(tensor: Activation | None) -> tuple[int, ...]:
    return (tensor.shape or ()) if tensor is not None else ()


def _channels(context: Context, shape: tuple[int, ...]) -> int:
    return channels(shape, context.drafts.wiring.sizes.channel_axis)


def _result(context: Context) -> tuple[int, ...]:
    return _shape(next(iter(context.node.results), None))


def _aligned_in(context: Context) -> float:
    axis = context.drafts.wiring.sizes.channel_axis
    return largest_block(gcd(*[channels(_shape(each), axis) for each in context.node.maps]))


def _groups(context: Context) -> str:
    first = _shape(context.map(0))
    groups = _number_of_groups(context)
    if groups == 1:
        return "one"
    return "depthwise" if groups == _channels(context, first) else "several"


def _number_of_groups(context: Context) -> int:
    return context.drafts.wiring.sizes.groups(context.node.work.operation, [_shape(context.map(0))])


def _aligned_in_group(context: Context) -> float:
    return _aligned_in(context) / gcd(_number_of_groups(context), int(_aligned_in(context)))


def _window(context: Context) -> float:
    return float(prod(context.drafts.wiring.sizes.window(context.node.work.operation)))


def _stride(context: Context) -> float:
    return float(prod(context.drafts.wiring.sizes.stride(context.node.work.operation)))


def _any(name: str, usual: int) -> Feature:
    def feature(context: Context) -> str:
        values = context.node.work.operation.attributes.get(name, ())
        return "yes" if isinstance(values, tuple) and any(each != usual for each in values) else "no"

    return feature


def _input(context: Context) -> str:
    first = context.map(0)
    return "" if first is None else f"{first.dtype} of rank {len(first.shape or ())}"


def _multiplies(place: int) -> Feature:
    """Whether it is written by a convolution or a matrix product."""

    def feature(context: Context) -> str:
        writer = context.writer(place)
        return "yes" if writer is not None and writer.node.work.multiplies else "no"

    return feature


def _kernel(place: int) -> Feature:
    def feature(context: Context) -> str:
        writer = context.writer(place)
        return writer.begun.kind if writer else ""

    return feature


def _layout(place: int) -> Feature:
    def feature(context: Context) -> str:
        tensor = context.map(place)
        return context.drafts.layout(tensor) if tensor is not None else ""

    return feature


def _layouts(context: Context) -> str:
    return ",".join(sorted({context.drafts.layout(each) for each in context.node.maps}))


def _fused(place: int) -> Feature:
    def feature(context: Context) -> str:
        writer = context.writer(place)
        return ",".join(writer.fused) if writer else ""

    return feature


def _alone(place: int) -> Feature:
    """Whether nobody else reads that input."""

    def feature(context: Context) -> str:
        tensor, wiring = context.map(place), context.drafts.wiring
        if tensor is None:
            return ""
        alone = len(wiring.readers[tensor.name]) == 1 and tensor.name not in wiring.ends
        return "yes" if alone else "no"

    return feature


def _later(context: Context) -> float:
    """The input whose kernel comes last."""
    writers = [context.writer(place) for place in range(len(context.node.maps))]
    last = [-1 if writer is None else writer.last for writer in writers]
    return float(last.index(max(last))) if last else 0.0


def _next(context: Context) -> str:
    """What reads its result."""
    wiring = context.drafts.wiring
    names = [tensor.name for tensor in context.node.results]
    readers = {reader for name in names for reader in wiring.readers.get(name, ())}
    found = {wiring.nodes[reader].kind for reader in readers}
    found |= {"the result"} if wiring.ends.intersection(names) else set()
    return "several" if len(readers) > 1 else ",".join(sorted(found))


def _twins(context: Context) -> float:
    """Operators of its type that read the same."""
    return float(context.drafts.wiring.alike[context.node.likeness]) if context.node.maps else 0.0


def _same_shapes(context: Context) -> str:
    return "yes" if len({each.shape for each in context.node.maps}) == 1 else "no"


#: In the order in which they are preferred where several tell outcomes apart equally well.
FEATURES: Final[Mapping[str, Feature]] = {
    "changeable weights": lambda c: "yes" if any(each.changeable for each in c.node.work.constants) else "no",
    "groups": _groups,
    "block in": _aligned_in,
    "block out": lambda c: largest_block(_channels(c, _result(c))),
    "block in of a group": _aligned_in_group,
    "multiplying input": _multiplies(0),
    "multiplying second input": _multiplies(1),
    "kernel of its input": _kernel(0),
    "layout of its input": _layout(0),
    "layouts of its inputs": _layouts,
    "channels in": lambda c: float(_channels(c, _shape(c.map(0)))),
    "channels out": lambda c: float(_channels(c, _result(c))),
    "alone on its input": _alone(0),
    "fused into its input": _fused(0),
    "begun by a twin": lambda c: "yes" if c.drafts.twin(c.node) else "no",
    "twins": _twins,
    "inputs": lambda c: float(len(c.node.maps)),
    "constants": lambda c: float(len(c.node.work.constants)),
    "same shapes": _same_shapes,
    "later input": _later,
    "kernel of its second input": _kernel(1),
    "alone on its second input": _alone(1),
    "fused into its second input": _fused(1),
    "input": _input,
    "operator": lambda c: c.node.kind,
    "window": _window,
    "stride": _stride,
    "padded": _any("pads", 0),
    "dilated": _any("dilations", 1),
    "pixels in": lambda c: prod(_shape(c.map(0))) / max(_channels(c, _shape(c.map(0))), 1),
    "largest constant": lambda c: float(
        max((each.elements or 0 for each in c.node.work.constants), default=0)
    ),
    "next": _next,
}
#: What no rule asks about as long as it never varies, and is strange all the same where it does.
ALWAYS: Final = "input"


def feature(name: str) -> Feature:
    """Raises KeyError for what no rule can ask."""
    if name.startswith(_ATTRIBUTE):
        return lambda context: _text(
            context.node.work.operation.attributes.get(name.removeprefix(_ATTRIBUTE))
        )
    return FEATURES[name]


def attribute_features(node: Node) -> list[str]:
    attributes = node.work.operation.attributes
    return [f"{_ATTRIBUTE}{name}" for name in sorted(attributes) if name not in _SIZES]


def _text(value: Attribute | None) -> str:
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, tuple) and all(isinstance(each, int) for each in value):
        return ",".join(map(str, value))
    return ""
