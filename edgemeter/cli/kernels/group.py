"""`edgemeter kernels`: what a predictor of any network is made of."""

import rich_click as click

from edgemeter.cli.kernels.fitting import fit
from edgemeter.cli.kernels.measuring import measure
from edgemeter.cli.kernels.publishing import publish


@click.group()
def kernels() -> None:
    """Predictors of any network on a target of this machine: measure kernels, fit, publish."""


kernels.add_command(measure)
kernels.add_command(fit)
kernels.add_command(publish)
