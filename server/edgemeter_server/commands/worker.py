"""`edgemeter worker`: fits predictors for the servers of one PostgreSQL."""

from typing import TYPE_CHECKING, Final

import rich_click as click

if TYPE_CHECKING:
    from edgemeter_server.settings import Settings

_ONE_PROCESS: Final = (
    "a SQLite belongs to one server process, which fits predictors itself; separate workers need PostgreSQL: "
    "set database_url, in EDGEMETER_SERVER_DATABASE_URL for example"
)


@click.command()
@click.option("--database-url", help="postgresql://...; better kept in the settings than in a command.")
@click.option("--once", is_flag=True, help="End when nothing waits any more.")
@click.option(
    "--dask",
    "scheduler",
    metavar="ADDRESS",
    help="Fit on a Dask cluster: tcp://... or tls://... of its scheduler.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Fits under way at the same time.",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), help="How the log on stderr is written.")
def worker(
    database_url: str | None, once: bool, scheduler: str | None, at_once: int, log_format: str | None
) -> None:
    """Fit predictors until SIGTERM or Ctrl-C, beside the servers of a PostgreSQL.

    Any number may run, on any machines that reach the database; each fits one predictor at a time, unless
    `--at-once` says more. What a stopped worker was fitting waits again at once, what a killed one was
    fitting after a minute. With `--dask` the machines of a cluster do the work, and this process only hands
    it out.
    """
    import asyncio

    from edgemeter.failures import EdgeMeterError
    from edgemeter_server.commands.failures import told
    from edgemeter_server.commands.options import settings_from
    from edgemeter_server.operations import logs

    settings = settings_from(database_url=database_url, log_format=log_format)
    if settings.database_url is None:
        raise EdgeMeterError(_ONE_PROCESS)
    logs.configure(settings.log_format)
    with told():
        asyncio.run(_work(settings, scheduler, at_once, once=once))


async def _work(settings: "Settings", scheduler: str | None, at_once: int, *, once: bool) -> None:
    import asyncio
    import signal
    from contextlib import AsyncExitStack, suppress

    from edgemeter_server.database.opening import open_database
    from edgemeter_server.predictors.fitting_elsewhere import dask_cluster
    from edgemeter_server.predictors.working import in_child, work_off, work_on

    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_database(settings))
        train = await stack.enter_async_context(dask_cluster(scheduler)) if scheduler else in_child
        work = work_off if once else work_on
        working = asyncio.gather(*(work(opened, train) for _ in range(at_once)))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, working.cancel)
        click.echo("waiting for fits", err=True)
        with suppress(asyncio.CancelledError):
            await working
