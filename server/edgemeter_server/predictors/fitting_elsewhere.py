"""Fits on a Dask cluster: each is what a worker's own child would do, on a machine that the cluster chooses.

The lease stays with the worker that asks the cluster, so that the database remains the only one to say what
is being fitted. A machine of the cluster needs this version of `edgemeter[dask]`, no database and no secret.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from edgemeter.failures import EdgeMeterError
from edgemeter_server.database.base import UnavailableError
from edgemeter_server.predictors.material import FitError, Material
from edgemeter_server.predictors.training import Trained, train_in_child
from edgemeter_server.predictors.working import Train

CONNECT_S: Final = 15.0


@asynccontextmanager
async def dask_cluster(scheduler: str) -> AsyncIterator[Train]:
    """`scheduler` is an address such as `tls://10.0.0.1:8786`; certificates come from Dask's own settings.

    Raises EdgeMeterError where `distributed` is not installed, UnavailableError where nobody answers.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise EdgeMeterError("fits on Dask need `pip install 'edgemeter[dask]'`") from None

    async def train(material: Material) -> Trained:
        # Impure: a fit that was given up and is taken again is another task.
        future = client.submit(train_in_child, material, pure=False)
        try:
            trained: Trained = await future.result()
        except KilledWorker as error:
            raise FitError(f"machines of the cluster ended while they fitted: {error}") from error
        except OSError as error:
            raise UnavailableError(f"the Dask cluster: {error}") from error
        finally:
            future.release()
        return trained

    try:
        client = await Client(  # type: ignore[no-untyped-call]
            scheduler, asynchronous=True, set_as_default=False, timeout=CONNECT_S
        )
    except OSError as error:
        raise UnavailableError(f"no Dask scheduler at {scheduler}: {error}") from error
    async with client:
        yield train
