"""What was once stored is read for ever: bytes of each format, as its first release wrote them.

A test that fails here is not to be mended: the code is. A better format gets the next version and
is written instead; this one goes on being read.
"""

import hashlib
import json
from importlib.resources import files
from pathlib import Path

from edgemeter.measurement import Measurement
from edgemeter_server.measurements import codec, interning
from edgemeter_server.measurements.codec import Stored

DATA = Path(__file__).parents[3] / "data"


def test_version_1_is_read_for_ever() -> None:
    golden = json.loads((DATA / "stored_measurement_1.json").read_text())
    stored = Stored(
        latency_ms=golden["latency_ms"],
        low_ms=golden["low_ms"],
        high_ms=golden["high_ms"],
        detail=bytes.fromhex(golden["detail"]),
        batch=interning.read(bytes.fromhex(golden["interned"])),
        samples=bytes.fromhex(golden["samples"]),
        layers=bytes.fromhex(golden["layers"]),
    )
    read = codec.decode(stored, bytes.fromhex(golden["sha256"]))
    assert read == Measurement.model_validate(golden["document"])


def test_dictionaries_never_change() -> None:
    content = files("edgemeter_server.measurements").joinpath("dictionary_1.txt").read_bytes()
    assert (
        hashlib.sha256(content).hexdigest()
        == "d1b3a8c066049fc17e88f20171e6fb1c2c35faf23408afc44b47a4a55dc3a443"
    )
