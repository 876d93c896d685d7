"""Writes down the kernels of a network whose operators have all found theirs."""

from collections.abc import Iterable

from edgemeter.failures import EdgeMeterError
from edgemeter.graphs.graph import Shape
from edgemeter.kernels.kernel import Kernel
from edgemeter.kernels.onnx_sizes import CONVOLUTIONS
from edgemeter.kernels.sizes import Operation
from edgemeter.kernels.wiring import Activation
from edgemeter_predictors.kernels.telling.blocks import filled
from edgemeter_predictors.kernels.telling.drafts import Draft, Drafts, Read
from edgemeter_predictors.kernels.telling.rules import Rules


class TellingError(EdgeMeterError):
    """No kernels can be told of a network. Says why."""


class Laying:
    """Writes down kernels in order, and lays tensors out anew where their readers want another layout."""

    def __init__(self, rules: Rules, drafts: Drafts) -> None:
        self._blocks, self._relays = rules.blocks, rules.relays
        self._drafts, self._sizes = drafts, drafts.wiring.sizes
        self._kernels: list[Kernel] = []
        self._doubts: list[str | None] = []
        self._laid: dict[str, list[str]] = {}

    def kernels(self, outputs: Iterable[str]) -> tuple[list[Kernel], list[str | None]]:
        """In order of execution, and what is doubted of each. `outputs` are the network's."""
        for draft in sorted(self._drafts.all, key=lambda each: each.last):
            for read in draft.reads:
                self._lay(read)
            self._add(self._kernel(draft), draft.doubt)
            for kind, inputs in draft.begun.more:
                self._add(self._further(draft, kind, inputs), draft.doubt)
            self._laid.update({each.name: [draft.begun.layouts[1]] for each in draft.results})
        for name in outputs:
            result = self._drafts.result(name)
            self._lay(Read(result, result.name, ""))
        return self._kernels, self._doubts

    def _add(self, kernel: Kernel, doubt: str | None) -> None:
        self._kernels.append(kernel)
        self._doubts.append(doubt)

    def _lay(self, read: Read) -> None:
        here = self._laid.setdefault(read.source, [""])
        if read.layout in here:
            return
        layouts = here[0], read.layout
        here.append(read.layout)
        source = self._drafts.wiring.activations[read.source]
        relay = self._relays.kind(layouts, self._shape(source, ""), self._sizes.channel_axis)
        if relay is not None:
            before, after = (self._shape(source, layout) for layout in layouts)
            laid = self._sizes.kernel(
                Operation(relay, {}),
                relay,
                read.source,
                (before,),
                (after,),
                results=(read.source,),
                layouts=layouts,
            )
            self._add(laid, None)

    def _kernel(self, draft: Draft) -> Kernel:
        begun, operation = draft.begun, self._operation(draft)
        within = () if begun.more else self._sizes.within(operation)
        return self._sizes.kernel(
            operation,
            begun.kind,
            draft.node.name,
            tuple([self._shape(each.tensor, each.layout) for each in draft.reads]),
            self._outputs(draft),
            fused=(*within, *draft.fused),
            results=tuple([each.name for each in draft.results]),
            layouts=begun.layouts,
        )

    def _further(self, draft: Draft, kind: str, inputs: int) -> Kernel:
        outputs = self._outputs(draft)
        return self._sizes.kernel(
            Operation(kind, {}),
            kind,
            draft.node.name,
            outputs[:1] * inputs,
            outputs,
            results=tuple(each.name for each in draft.results),
            layouts=(draft.begun.layouts[1],) * 2,
        )

    def _outputs(self, draft: Draft) -> tuple[Shape, ...]:
        layout = draft.begun.layouts[1]
        return tuple([self._shape(each, layout) for each in draft.results])

    def _shape(self, tensor: Activation, layout: str) -> Shape:
        if tensor.shape is None:
            raise TellingError(f"the shape of {tensor.name!r:.80} is not known before the network is run")
        block = self._blocks.get(layout, 1)
        return tensor.shape if block == 1 else _filled(tensor.shape, self._sizes.channel_axis, block)

    def _operation(self, draft: Draft) -> Operation:
        """A convolution's weights fill the blocks of its maps, and so do the groups of a depthwise one."""
        operation, begun = draft.node.work.operation, draft.begun
        if operation.type not in CONVOLUTIONS or begun.layouts == ("", ""):
            return operation
        before, after = (self._blocks.get(layout, 1) for layout in begun.layouts)
        groups = int(operation.attributes.get("group", 1))
        inner = before if groups == 1 else 1
        weights = [_filled(_filled(shape, 0, after), 1, inner) for shape in operation.weights]
        attributes, taken = operation.attributes, (draft.node.maps[0].shape or (1, 1))[1]
        if groups == taken:
            attributes = {**attributes, "group": filled(groups, before)}
        return Operation(operation.type, attributes, weights)


def _filled(shape: Shape, axis: int, block: int) -> Shape:
    if block == 1 or len(shape) <= axis or shape[axis] % block == 0:
        return shape
    return (*shape[:axis], filled(shape[axis], block), *shape[axis + 1 :])
