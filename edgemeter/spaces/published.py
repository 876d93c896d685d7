"""Parameters as papers count them: before batch norms are folded."""

from edgemeter.networks.network import Convolution, Dense, Network


def trained_parameters(network: Network, *, classifier_bias: bool = True) -> int:
    """The parameters that training had: a convolution of maps has a batch norm (scale and shift) and no
    bias; one of vectors, as in squeeze-and-excite, has a bias and no batch norm. Fully connected layers
    have a bias unless `classifier_bias` says otherwise.
    """
    total = 0
    for node in network.nodes:
        source = network.input if node.inputs[0] < 0 else network.nodes[node.inputs[0]].result
        match node.operation:
            case Convolution(channels, kernel, _, groups):
                weights = kernel**2 * (source.channels // groups)
                vector = (source.height, source.width) == (1, 1)
                total += channels * (weights + (1 if vector else 2))
            case Dense(channels):
                total += channels * (source.channels + classifier_bias)
            case _:
                pass
    return total
