"""The devices of a VM: their mnemonics, which of them move with it, and which a migration detaches.

Source: VM2000 User Guide: Device management during a VM Migration. The mnemonics are ours, since a scenario only counts devices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Protocol

from sim.errors import ModelError
from sim.vm2000.message import SU_390, SU_X86

# The device of the published console example; every VM has it, and it is the first of VMS4005 and VMS4009.
CONSOLE = "CS"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BLOCK = 0x1000  # mnemonics with one first digit


class DeviceKind(StrEnum):
    """Kinds of devices; a migration detaches all but disks, and attaches them again on the source after an abort."""

    DISK = "disk"
    TAPE = "tape"
    PAV_ALIAS = "pav-alias"
    MU_DISK = "mu-disk"
    LOCAL_DISK = "local-disk"


DETACHED: dict[str, tuple[DeviceKind, ...]] = {
    SU_390: (DeviceKind.TAPE, DeviceKind.PAV_ALIAS, DeviceKind.MU_DISK),
    SU_X86: (DeviceKind.TAPE, DeviceKind.LOCAL_DISK),
}

_FIELDS = {
    DeviceKind.DISK: "disks",
    DeviceKind.TAPE: "tapes",
    DeviceKind.PAV_ALIAS: "pav_aliases",
    DeviceKind.LOCAL_DISK: "local_disks",
    DeviceKind.MU_DISK: "mu_disks",
}
# Four hexadecimal digits; the letter takes over, with three digits to base 36, when the 4096 with one first digit are used up.
_NUMBERED = {
    DeviceKind.DISK: (0x5000, "G"),
    DeviceKind.PAV_ALIAS: (0x6000, "H"),
    DeviceKind.MU_DISK: (0x7000, "I"),
    DeviceKind.LOCAL_DISK: (0x8000, "J"),
}


class DeviceCounts(Protocol):
    """How many devices of each kind a VM has; kinds that the SU type does not know are ignored."""

    @property
    def disks(self) -> int:
        """Disks that both SUs see."""

    @property
    def tapes(self) -> int:
        """Tape devices."""

    @property
    def pav_aliases(self) -> int:
        """PAV alias devices (/390)."""

    @property
    def mu_disks(self) -> int:
        """Disks emulated by the MU (/390)."""

    @property
    def local_disks(self) -> int:
        """Disks emulated locally (x86)."""


@dataclass(frozen=True, slots=True)
class DetachedDevice:
    """A device that the migration will detach: one warning VMS2471, with `device` as its insert."""

    kind: DeviceKind
    device: str


@dataclass(frozen=True, slots=True)
class DeviceSet:
    """The devices that a VM has, as mnemonics by kind; the console CS is always there beside them."""

    disks: tuple[str, ...] = ()
    tapes: tuple[str, ...] = ()
    pav_aliases: tuple[str, ...] = ()
    local_disks: tuple[str, ...] = ()
    mu_disks: tuple[str, ...] = ()

    @classmethod
    def of(cls, counts: DeviceCounts, first: int = 0) -> DeviceSet:
        """Return the devices of a VM of which a scenario gives the numbers.

        Tapes are T1 to TZ, then T036 on; disks count from 5000, PAV aliases from 6000, MU disks from 7000, local disks from 8000.

        Args:
            counts: how many of each kind.
            first: how many of each kind other VMs have before it, so that no two VMs share a mnemonic.
        """
        return _named(counts.disks, counts.tapes, counts.pav_aliases, counts.local_disks, counts.mu_disks, first)

    @property
    def moving(self) -> tuple[str, ...]:
        """The devices that move with the VM, in the order of VMS4005 and VMS4009."""
        return (CONSOLE, *self.disks)

    @property
    def all(self) -> tuple[tuple[str, DeviceKind], ...]:
        """Every device and its kind, without the console."""
        return tuple((name, kind) for kind in DeviceKind for name in self._of_kind(kind))

    def detached(self, su_type: str) -> tuple[DetachedDevice, ...]:
        """Return the devices that a migration detaches by itself, tapes first.

        Args:
            su_type: "/390" or "x86"; kinds that it does not know are not detached, since they are not there.
        """
        return tuple(DetachedDevice(kind, name) for kind in DETACHED[su_type] for name in self._of_kind(kind))

    def after_migration(self, su_type: str) -> DeviceSet:
        """Return what the VM has after a success: on the target only PAV aliases are attached again, and only on /390."""
        return DeviceSet(disks=self.disks, pav_aliases=self.pav_aliases if su_type == SU_390 else ())

    def with_device(self, name: str, kind: DeviceKind) -> DeviceSet:
        """Return the devices after one more is attached.

        Raises:
            ModelError: the VM has it already.
        """
        if name == CONSOLE or name in self._names():
            raise ModelError(f"device {name} is attached to a VM that has it")
        return self._with(kind, (*self._of_kind(kind), name))

    def without(self, name: str) -> DeviceSet:
        """Return the devices after one is detached.

        Raises:
            ModelError: the VM does not have it.
        """
        for device, kind in self.all:
            if device == name:
                return self._with(kind, tuple(other for other in self._of_kind(kind) if other != name))
        raise ModelError(f"device {name} is detached from a VM that does not have it")

    def _names(self) -> Iterable[str]:
        return (name for name, _ in self.all)

    def _of_kind(self, kind: DeviceKind) -> tuple[str, ...]:
        names: tuple[str, ...] = getattr(self, _FIELDS[kind])
        return names

    def _with(self, kind: DeviceKind, names: tuple[str, ...]) -> DeviceSet:
        return replace(self, **{_FIELDS[kind]: names})


@cache
def _named(disks: int, tapes: int, pav_aliases: int, local_disks: int, mu_disks: int, first: int) -> DeviceSet:
    """Name the devices; the same counts come with every replication."""
    return DeviceSet(
        disks=_numbers(DeviceKind.DISK, first, disks),
        tapes=tuple(_tape(number) for number in range(first + 1, first + tapes + 1)),
        pav_aliases=_numbers(DeviceKind.PAV_ALIAS, first, pav_aliases),
        local_disks=_numbers(DeviceKind.LOCAL_DISK, first, local_disks),
        mu_disks=_numbers(DeviceKind.MU_DISK, first, mu_disks),
    )


def _numbers(kind: DeviceKind, first: int, count: int) -> tuple[str, ...]:
    base, letter = _NUMBERED[kind]
    numbers = range(first, first + count)
    return tuple(f"{base + number:04X}" if number < _BLOCK else _overflow(letter, number - _BLOCK) for number in numbers)


def _tape(number: int) -> str:
    """Return T1 .. T9, TA .. TZ, then T036 .. : a mnemonic has two or four characters."""
    if number < len(_DIGITS):
        return f"T{_DIGITS[number]}"
    return f"T{number:03}" if number < 1000 else _overflow("U", number - 1000)


def _overflow(letter: str, number: int) -> str:
    """Return a letter and a number with three digits to base 36."""
    base = len(_DIGITS)
    if number >= base**3:
        raise ModelError(f"no mnemonic is left for device {number} beyond {letter}000")
    return letter + _DIGITS[number // base**2] + _DIGITS[number // base % base] + _DIGITS[number % base]
