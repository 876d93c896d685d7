"""Fits on a real Dask cluster, whose scheduler and machine are in this process, over real connections."""

import distributed
import pytest

from edgemeter_server.database.base import UnavailableError
from edgemeter_server.predictors import fitting_elsewhere
from edgemeter_server.predictors.fitting_elsewhere import dask_cluster
from edgemeter_server.predictors.material import FitError
from edgemeter_server.predictors.snapshots import Snapshot

from .test_training import material, snapshot


async def test_a_cluster_fits_what_a_child_would_and_says_what_it_cannot():
    async with (
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            host="127.0.0.1",
            dashboard_address=None,
            asynchronous=True,
        ) as cluster,
        dask_cluster(cluster.scheduler_address) as train,
    ):
        trained = await train(material("hierarchical", snapshot()))
        assert (trained.model, trained.operators, trained.networks) == ("hierarchical", 258, 12)
        with pytest.raises(FitError, match="measured operators"):
            await train(material("hierarchical", Snapshot(operators=(), training=(), tests=())))


async def test_a_scheduler_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(fitting_elsewhere, "CONNECT_S", 0.2)
    with pytest.raises(UnavailableError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9"):
        async with dask_cluster("tcp://127.0.0.1:9"):
            pass
