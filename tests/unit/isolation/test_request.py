from pathlib import Path

from edgemeter.isolation import Confinement, Limits
from edgemeter.isolation.request import Request


def test_a_request_survives_its_way() -> None:
    confinement = Confinement(
        folder=Path("/a"),
        readable=(Path("/b"), Path("/c")),
        writable=(Path("/d"),),
        cpus=(1, 3),
        nice=-5,
        rtprio_limit=10,
        seccomp=False,
    )
    request = Request("module:function", Limits(wall_s=1.5, processes=3), confinement)
    assert Request.from_json(request.to_json()) == request


def test_defaults_survive_too() -> None:
    request = Request("m:f", Limits(), Confinement())
    assert Request.from_json(request.to_json()) == request
