"""`python -m benchmarks.predictors.rest_server FOLDER`: the service, with one route more that does nothing.

`/bench/nothing` takes the message of estimates, through the same stack, and answers as many bytes.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from fastapi import Response

from edgemeter.wire.estimates import NewEstimates
from edgemeter_server.access.first_admin import first_admin
from edgemeter_server.app import create_app
from edgemeter_server.http.caller import Viewer
from edgemeter_server.http.routes import Router, put_routes
from edgemeter_server.operations import listening, serving
from edgemeter_server.operations.starting import open_services
from edgemeter_server.predictors.estimate_endpoints import WaitSeconds
from edgemeter_server.services import ServicesOf
from edgemeter_server.settings import Settings

NOTHING = "/bench/nothing"
_ANSWER = json.dumps({"estimates": ["x" * 600]}).encode()


async def nothing(
    _services: ServicesOf, _caller: Viewer, _message: NewEstimates, _wait_s: WaitSeconds = 0.0
) -> Response:
    return Response(_ANSWER, media_type="application/json")


def _as_late_as_estimates() -> Router:
    router = Router(NOTHING)
    router.add_api_route("", nothing, methods=["POST"])
    return router


def settings_of(folder: Path) -> Settings:
    return Settings(data_folder=folder, port=0, requests_per_minute=10**9)


async def _serve(folder: Path) -> None:
    settings = settings_of(folder)
    with listening.bind(settings) as bound:
        async with open_services(settings) as services:
            await first_admin(services)
            app = create_app(services)
            put_routes(app, [_as_late_as_estimates()])
            told = json.dumps({"url": listening.url_of(settings, bound), "pid": os.getpid()})
            await serving.serve(app, settings, bound, lambda: print(told, flush=True))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=serving.event_loop) as runner:
        runner.run(_serve(Path(sys.argv[1])))
