"""A VM as it changes in simulated time: where it is, what it has, what is shown of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.engine.site import Guest
from sim.engine.unit import Unit
from sim.errors import ModelError
from sim.vm2000.cpus import adjusted
from sim.vm2000.devices import DeviceSet
from sim.vm2000.states import State, on_target, without_diff

if TYPE_CHECKING:  # a migration knows its VM, and the VM its migration
    from sim.engine.move import Move


@dataclass(slots=True, eq=False)
class Vm:
    """A VM.

    Args:
        guest: the VM of the point, prepared; another one once its memory was extended or reduced.
        unit: the SU on which its definition is: the source until the target has taken over.
        live_on: the SU on which it exists for its users; None while it is stopped in its own migration, its SU is down, or it is not
            initialised.
        display: what its SU displays, without the suffixes of a migration.
        home_iocf: I/O configuration under which it was started.
        devices: devices that it has now.
        cpus, blocked_cpus: virtual CPUs that run, and those in state BLOCK.
        pool, group, quota, max_utilisation, persistent: as in the scenario until an operator changes them.
        waits: the wait states that operators put it into (SU /390); they overlap, and the strongest is displayed.
        defined: whether its definition exists at all; False once a VM that is not persistent was deleted.
        move: its migration, to the last message; None while it does not migrate.
        moves_from: the SU that runs its migration, to the last message; None while it does not migrate.
        migrations: migrations that were begun for it, to address their draws.
        burst_shift: by how much its burst slots are shifted in this replication.
        live_migrations: LIVE-MIG-COUNT of the guest.
        visited: SUs on which it has been since its start, with the time of its arrival.
    """

    guest: Guest
    unit: Unit
    live_on: Unit | None
    display: str
    home_iocf: str
    devices: DeviceSet
    cpus: int
    blocked_cpus: int = 0
    pool: str = ""
    group: str = ""
    quota: float = 10.0
    max_utilisation: float = 100.0
    persistent: bool = True
    waits: frozenset[State] = frozenset()
    defined: bool = True
    move: Move | None = None
    moves_from: Unit | None = None
    migrations: int = 0
    burst_shift: float = 0.0
    live_migrations: int = 0
    visited: list[tuple[float, str]] = field(default_factory=list)

    @classmethod
    def at_home(cls, guest: Guest, home: Unit) -> Vm:
        """Return a VM as the scenario describes it, on its SU."""
        spec = guest.spec
        return cls(
            guest=guest,
            unit=home,
            live_on=home,
            display=spec.state,
            home_iocf=home.spec.iocf,
            devices=DeviceSet.of(spec.devices, spec.devices.first),
            cpus=spec.cpus,
            pool=spec.pool,
            group=spec.group,
            quota=spec.quota,
            max_utilisation=spec.max_utilisation,
            persistent=spec.persistent,
        )

    @property
    def name(self) -> str:
        """Name of the VM."""
        return self.guest.spec.name

    @property
    def index(self) -> int:
        """VM index on its SU; 0 while it is not initialised."""
        return self.unit.indexes.get(self.name, 0)

    @property
    def state(self) -> str:
        """State without (DIFF); NOT INITIALIZED where there is only a definition, or not even that."""
        return without_diff(self.display)

    @property
    def initialised(self) -> bool:
        """Whether the VM exists on its SU, with memory and index."""
        return self.state != State.NOT_INITIALIZED

    @property
    def started_s(self) -> float:
        """When its guest was last started, seconds since 00:00 of the first day; 0 for one that ran from the beginning."""
        return self.visited[0][0]

    def arrived_s(self, unit: str) -> float:
        """Return when it last came to an SU, seconds since 00:00 of the first day; 0 if it was there from the beginning."""
        return next((time for time, name in reversed(self.visited) if name == unit), 0.0)

    @property
    def group_here(self) -> str:
        """VM group in which it is on its SU; "" for none."""
        return self.unit.group_here(self.group)

    @property
    def runs(self) -> bool:
        """Whether its guest runs, so that it dirties memory and stands still at the stop."""
        return self.state == State.RUNNING

    @property
    def has_guest(self) -> bool:
        """Whether a guest is in it, running or held, which ends with its SU."""
        return self.state not in {State.NOT_INITIALIZED, State.INIT_ONLY, State.DOWN}

    def stop(self) -> None:
        """Stop the VM on its SU, in its own migration: from here to `arrive` or `resume_at_home` it is live nowhere.

        Raises:
            ModelError: it is not live there.
        """
        if self.live_on is not self.unit:
            raise ModelError(f"VM {self.name} is stopped on SU {self.unit.name} but is not live there")
        self.live_on = None

    def arrive(self, target: Unit, now_s: float) -> None:
        """Go on living on the target.

        Raises:
            ModelError: the VM is still live elsewhere, or the target has no memory for it.
        """
        if self.live_on is not None or not target.memory.has(self.name):
            raise ModelError(f"VM {self.name} resumes on SU {target.name} while live on {self.live_on and self.live_on.name}")
        source = self.unit
        target.undeleted.discard(self.name)  # a definition that was left here when the VM went away is its own again
        self.unit = target
        self.live_on = target
        # Only the aliases are attached again on the target [VM2000 User Guide: Device management during a VM Migration].
        self.devices = self.devices.after_migration(target.spec.su_type)
        self.display = on_target(self.display, self.home_iocf == target.spec.iocf)
        # Assumes [A42]: pool and group are matched by name.
        source_cpus, target_cpus = source.pool_cpus(self.pool), target.pool_cpus(self.pool)
        if source_cpus and target_cpus:
            self.cpus, self.blocked_cpus = adjusted(self.cpus, self.blocked_cpus, source_cpus, target_cpus)
        self.live_migrations += 1
        self.visited.append((now_s, target.name))

    def resume_at_home(self) -> None:
        """Go on living on the source after a migration that broke while the VM was stopped.

        Raises:
            ModelError: the VM is live somewhere.
        """
        if self.live_on is not None:
            raise ModelError(f"VM {self.name} resumes on SU {self.unit.name} while live on {self.live_on.name}")
        self.live_on = self.unit

    def is_lost(self) -> None:
        """Lose what the guest had in memory: the VM is left DOWN, or to be started again with its SU."""
        if self.unit.up and self.live_on is None:
            self.live_on = self.unit
            self.display = on_target(State.DOWN, self.home_iocf == self.unit.spec.iocf)
