"""`edgemeter devices`: the devices of a server, and what they offer."""

from itertools import starmap
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client
    from edgemeter.wire.devices import DeviceDocument

_reason = click.option("--reason", default="", help="Told to whoever asks why.")


@click.group()
def devices() -> None:
    """The devices of a server, and the targets they offer."""


@devices.command("list")
@json_option
@remote
def list_(client: "Client", as_json: bool) -> None:
    """List devices: what they do, and whether they are trusted with jobs."""
    from edgemeter.cli.tables import dumped, print_document, print_listing

    found = list(client.devices())
    if as_json:
        print_document("devices", {"devices": dumped(found)})
        return
    print_listing(
        ("device", "state", "doing", "health", "reason", "agent", "targets#", "to approve#", "running#"),
        (
            (
                device.slug,
                device.state,
                device.agent and device.agent.doing,
                device.health,
                device.health_reason,
                device.agent and device.agent.version,
                sum(target.offered for target in device.targets),
                sum(target.offered and not target.approved for target in device.targets),
                device.running_jobs,
            )
            for device in found
        ),
        "No devices. `edgemeter tokens enrol` prints a token by which a board joins: there,"
        " `edgemeter agent --server URL --enrol TOKEN`.",
    )


@devices.command()
@click.argument("device")
@json_option
@remote
def show(client: "Client", device: str, as_json: bool) -> None:
    """Show a device: its description, its agent, its targets."""
    _print(client.device(device), as_json=as_json)


@devices.command()
@json_option
@remote
def targets(client: "Client", as_json: bool) -> None:
    """List what the server can measure on: all targets of all its devices."""
    from edgemeter.cli.tables import dumped, print_document, print_listing

    found = list(client.targets())
    if as_json:
        print_document("server-targets", {"targets": dumped(found)})
        return
    print_listing(
        ("target", "reads", "available", "devices", "pending#", "measured#"),
        (
            (
                row.slug,
                ", ".join(row.formats),
                row.available,
                ", ".join(row.devices),
                row.pending_jobs,
                row.measurements,
            )
            for row in found
        ),
        "No targets: devices offer them. `edgemeter devices list` tells whether any has joined.",
    )


@devices.command()
@click.argument("device")
@click.option("--target", "-t", "slugs", multiple=True, help="Only this one. May be repeated. Default: all.")
@json_option
@remote
def approve(client: "Client", device: str, slugs: tuple[str, ...], as_json: bool) -> None:
    """Let jobs go to the targets that a device offers."""
    _print(client.approve_targets(device, slugs or None), as_json=as_json)


@devices.command()
@click.argument("device")
@_reason
@json_option
@remote
def maintenance(client: "Client", device: str, reason: str, as_json: bool) -> None:
    """Give a device no more jobs until `edgemeter devices try`."""
    _print(client.change_device(device, health="maintenance", reason=reason), as_json=as_json)


@devices.command()
@click.argument("device")
@_reason
@json_option
@remote
def retire(client: "Client", device: str, reason: str, as_json: bool) -> None:
    """Give a device no more jobs for good. Its measurements stay."""
    _print(client.change_device(device, health="retired", reason=reason), as_json=as_json)


@devices.command("try")
@click.argument("device")
@_reason
@json_option
@remote
def try_(client: "Client", device: str, reason: str, as_json: bool) -> None:
    """Trust a device again: it gets jobs, and its next ones decide."""
    _print(client.change_device(device, health="unknown", reason=reason), as_json=as_json)


def _print(device: "DeviceDocument", *, as_json: bool) -> None:
    from edgemeter.cli.tables import print_document, print_facts, print_listing

    if as_json:
        print_document("device", {"device": device.model_dump(mode="json")})
        return
    agent = device.agent
    print_facts(
        (
            ("device", device.slug),
            ("name", device.name),
            ("state", device.state),
            ("doing", agent and agent.doing),
            ("health", device.health),
            ("reason", device.health_reason),
            ("agent", agent and f"{agent.version}, heard of {agent.seen_s:.0f} s ago"),
            ("running jobs", device.running_jobs),
            *starmap(_described, sorted(device.description.items())),
        )
    )
    print_listing(
        ("target", "revision#", "offered", "approved"),
        ((target.slug, target.revision, target.offered, target.approved) for target in device.targets),
        "It has offered no targets: its agent has not told of any yet.",
    )


def _described(name: str, value: object) -> tuple[str, object]:
    """An agent's word, for people."""
    from edgemeter.cli.text import quantity

    words = name.removesuffix("_bytes")
    if words != name and isinstance(value, int):
        value = quantity(value, "B")
    return f"  {words.replace('_', ' ')}", value
