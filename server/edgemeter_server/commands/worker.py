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
@click.option("--log-format", type=click.Choice(["text", "json"]), help="How the log on stderr is written.")
def worker(database_url: str | None, once: bool, log_format: str | None) -> None:
    """Fit predictors until SIGTERM or Ctrl-C, beside the servers of a PostgreSQL.

    Any number may run, on any machines that reach the database; each fits one predictor at a time. What a
    stopped worker was fitting waits again at once, what a killed one was fitting after a minute.
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
        asyncio.run(_work(settings, once=once))


async def _work(settings: "Settings", *, once: bool) -> None:
    import asyncio
    import signal
    from contextlib import suppress

    from edgemeter_server.database.opening import open_database
    from edgemeter_server.predictors.working import work_off, work_on

    async with open_database(settings) as opened:
        working = asyncio.ensure_future(work_off(opened) if once else work_on(opened))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, working.cancel)
        click.echo("waiting for fits", err=True)
        with suppress(asyncio.CancelledError):
            await working
