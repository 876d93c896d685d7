"""Peak memory of activations: which tensors must exist at once when operators run in file order."""

from collections.abc import Mapping, Sequence

from edgemeter.graphs.graph import Operator, Tensor


def peak_activation_bytes(
    operators: Sequence[Operator],
    inputs: Sequence[str],
    outputs: Sequence[str],
    tensors: Mapping[str, Tensor],
) -> int | None:
    """The most bytes of activations alive at once; None where a size is unknown.

    A tensor lives from the operator that writes it (network inputs: from the start) to the last that
    reads it (network outputs: to the end). Each has a buffer of its own: nothing is computed in
    place and no reshape shares memory, so a runtime may need less; workspaces and padding are not
    counted, so it may need more. Weights are apart (`Graph.weight_bytes`).
    """
    touched = [_touched(operator) for operator in operators]
    last_use = {name: step for step, names in enumerate(touched) for name in names}
    last_use.update(dict.fromkeys(outputs, len(operators)))
    alive: dict[str, int] = {}
    peak = total = 0
    for step, operator in enumerate(operators):
        for name in operator.outputs if step else (*inputs, *operator.outputs):
            tensor = tensors.get(name)
            if tensor is None or tensor.constant or name in alive:
                continue
            if (size := tensor.size_bytes) is None:
                return None
            alive[name] = size
            total += size
        inside = [body.peak_activation_bytes for body in operator.bodies]
        if None in inside:
            return None
        peak = max(peak, total + max(filter(None, inside), default=0))
        for name in touched[step]:
            if last_use[name] == step:
                total -= alive.pop(name, 0)
    return peak


def _touched(operator: Operator) -> Sequence[str]:
    """Names that an operator reads or writes, those that its bodies take from outside included."""
    names = operator.inputs + operator.outputs
    inner = [name for body in operator.bodies for op in body.operators for name in _touched(op)]
    return (*names, *inner) if inner else names
