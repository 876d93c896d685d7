"""What the machine is: facts that tell one device model from another and find a changed one."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgemeter_agents.conditions.cores import core_name
from edgemeter_agents.conditions.roots import Roots, read_text

_APPLICATION = b"edgemeter/device/1"


@dataclass(frozen=True, slots=True)
class Device:
    """None is what the machine does not tell. Serial numbers, addresses and names of hosts are never read.

    `cpu_models` has each kind of core once. `machine` tells one device from another: a keyed hash of the
    machine's id, from which the id cannot be found.
    """

    cpu_models: tuple[str, ...]
    microcode: str | None
    model: str | None  #: of the board or computer: "Raspberry Pi 4 Model B Rev 1.4"
    soc: str | None
    memory_bytes: int | None
    kernel: str | None
    system: str | None  #: "Debian GNU/Linux 12 (bookworm)"
    virtual: bool
    machine: str | None
    boot: str | None


def read_device(roots: Roots) -> Device:
    """Reads everything once. Never raises for what a machine lacks or garbles."""
    cpuinfo = read_text(roots.proc / "cpuinfo") or ""
    return Device(
        cpu_models=parse_cpu_models(cpuinfo),
        microcode=_field(cpuinfo, "microcode"),
        model=_model(roots),
        soc=_soc(roots),
        memory_bytes=parse_memory_bytes(read_text(roots.proc / "meminfo")),
        kernel=read_text(roots.proc / "sys" / "kernel" / "osrelease") or None,
        system=_system(roots),
        virtual=_virtual(roots, cpuinfo),
        machine=_machine(roots),
        boot=read_text(roots.proc / "sys" / "kernel" / "random" / "boot_id") or None,
    )


def parse_cpu_models(cpuinfo: str) -> tuple[str, ...]:
    """Marketing names on x86, cores decoded from their numbers on ARM; each once, in order."""
    names = (_cpu_model(block) for block in re.split(r"\n[ \t]*\n", cpuinfo))
    return tuple(dict.fromkeys(name for name in names if name))


def parse_memory_bytes(meminfo: str | None) -> int | None:
    found = re.search(r"^MemTotal:\s*([0-9]{1,15}) kB$", meminfo or "", re.MULTILINE | re.ASCII)
    return int(found[1]) * 1024 if found else None


def _cpu_model(block: str) -> str | None:
    implementer, part = _field(block, "CPU implementer"), _field(block, "CPU part")
    if implementer and part:
        try:
            return core_name(int(implementer, 16), int(part, 16))
        except ValueError:
            return None
    # Kernels for ARM print "model name : ARMv7 Processor rev 3" too, but with the numbers above.
    return _field(block, "model name") if _field(block, "processor") else None


def _field(text: str, name: str) -> str | None:
    found = re.search(rf"^{re.escape(name)}[ \t]*:[ \t]*(\S.*)$", text, re.MULTILINE)
    return found[1].strip() if found else None


def _model(roots: Roots) -> str | None:
    tree = read_text(roots.proc / "device-tree" / "model")
    if tree:
        return tree
    dmi = roots.sys / "class" / "dmi" / "id"
    words = [read_text(dmi / name) for name in ("sys_vendor", "product_name")]
    return " ".join(word for word in words if word) or None


def _soc(roots: Roots) -> str | None:
    bus = roots.sys / "devices" / "soc0"
    words = [read_text(bus / name) for name in ("family", "machine", "soc_id")]
    # The last entry of `compatible` is the most general one: the chip.
    compatible = (read_text(roots.proc / "device-tree" / "compatible") or "").split("\0")
    return " ".join(word for word in words if word) or compatible[-1] or None


def _system(roots: Roots) -> str | None:
    found = re.search(
        r'^PRETTY_NAME=["\']?([^"\'\n]+)', read_text(roots.etc / "os-release") or "", re.MULTILINE
    )
    return found[1].strip() if found else None


def _virtual(roots: Roots, cpuinfo: str) -> bool:
    flags = (_field(cpuinfo, "flags") or "").split()
    return "hypervisor" in flags or any(path.exists() for path in _hypervisor_traces(roots))


def _hypervisor_traces(roots: Roots) -> Iterator[Path]:
    yield roots.sys / "hypervisor" / "type"
    yield roots.proc / "device-tree" / "hypervisor"


def _machine(roots: Roots) -> str | None:
    identity = read_text(roots.etc / "machine-id")
    if not identity or not re.fullmatch(r"[0-9a-f]{32}", identity, re.ASCII):
        return None  # absent, or "uninitialized" in an image that was never booted
    return hmac.new(identity.encode(), _APPLICATION, hashlib.sha256).hexdigest()[:32]
