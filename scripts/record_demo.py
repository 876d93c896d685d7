"""Measures the demo and draws what a terminal shows: docs/images/demo.svg, the picture of the README."""

import io
import json
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from edgemeter.measurement import MeasurementReport
from edgemeter_agents.commands.render import show_report

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "demo.svg"
WIDTH = 150


def main() -> None:
    command = [str(Path(sys.executable).with_name("edgemeter")), "demo", "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    show_report(console, MeasurementReport.model_validate(json.loads(done.stdout)["report"]))
    PICTURE.parent.mkdir(exist_ok=True)
    # A font that every system has: the default one would be fetched from a third party.
    picture = console.export_svg(title="edgemeter demo", font_aspect_ratio=0.6)
    PICTURE.write_text(_without_web_fonts(picture))


def _without_web_fonts(svg: str) -> str:
    while "@font-face" in svg:
        start = svg.index("@font-face")
        svg = svg[:start] + svg[svg.index("}", start) + 1 :]
    return svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")


if __name__ == "__main__":
    main()
