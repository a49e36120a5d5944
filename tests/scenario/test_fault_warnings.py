"""What `migr check` says of faults that no migration meets, and how a single one is switched off."""

from __future__ import annotations

import pytest

from scenario.operations import WORLD, loaded, point, problems

DISKS = WORLD.replace(" 4 GiB}", " 4 GiB, devices: {disks: 4}}")
MIGRATION = 'operators: [{at: "22:30", console: SU2, command: "/MIGRATE-VM VM1,SU3"}]\n'

IN_VAIN = [
    ("resources: SU1", "resources: no step migrates to 'SU1', so that the fault changes nothing; name the target"),
    ("disks: SU1", "disks: no step migrates to 'SU1', so that the fault changes nothing; name the target"),
    ("monitor: SU3", "monitor: no step migrates from 'SU3' or to it, so that the fault changes nothing"),
    ("definitions: SU3", "definitions: no step migrates from 'SU3' or to it, so that the fault changes nothing"),
    ("link: other", "link: no step migrates over 'other', so that the fault changes nothing"),
]
THREE_UNITS = DISKS.replace("  mcnpr: {bandwidth: 1 Gbit/s}\n", "  mcnpr: {bandwidth: 1 Gbit/s}\n  other: {bandwidth: 1 Gbit/s}\n").replace(
    "      SU2: {memory: 64 GiB}\n", "      SU2: {memory: 64 GiB}\n      SU3: {memory: 64 GiB}\n"
)


def told(text: str, *overrides: str) -> list[str]:
    """Return what is said of fault f, without its place in the file."""
    return [warning.partition(": faults.f.")[2] for warning in loaded(text, *overrides).warnings]


@pytest.mark.parametrize(("what", "warning"), IN_VAIN)
def test_a_fault_where_no_migration_passes(what: str, warning: str) -> None:
    """An operator may still migrate there, and a fault that is switched off is meant to change nothing."""
    text = THREE_UNITS + f'faults:\n  f: {{{what}, at: "22:10"}}\n'
    assert told(text) == [warning]
    assert told(text + MIGRATION) == []
    assert told(text, "faults.f.chance=0 %") == []


@pytest.mark.parametrize("what", ["resources: SU2", "disks: SU2", "monitor: SU1", "definitions: SU1", "link: mcnpr", "crash: SU3"])
def test_a_fault_where_one_passes(what: str) -> None:
    assert told(THREE_UNITS + f'faults:\n  f: {{{what}, at: "22:10"}}\n') == []


def test_disks_of_vms_without_disks() -> None:
    (warning,) = told(WORLD + 'faults:\n  f: {disks: SU2, at: "22:10"}\n')
    assert warning.startswith("disks: no VM that migrates has disks, so that the fault changes nothing")


LENGTHS = [
    (
        'link: mcnpr, at: "22:10", for: 0 s',
        ["for: is 0 s, so that nothing meets the fault; write how long it lasts, or no 'for' where it is for good"],
    ),
    ('crash: SU1, at: "22:10", for: 0 s', []),  # the guests end all the same
    (
        "link: mcnpr, every: 1 ms, for: 1 h",
        [
            (
                "for: is 1 h, and 1 ms after its end the next one begins: the fault is there nearly always; "
                "'every' is the mean time from the end of one to the next"
            )
        ],
    ),
    (
        "link: mcnpr, every: 1 h, for: 3 h",  # 3 of 4 hours
        [
            (
                "for: is 3 h, and 1 h after its end the next one begins: the fault is there 75 % of the time; "
                "'every' is the mean time from the end of one to the next"
            )
        ],
    ),
    ("link: mcnpr, every: 200 h, for: 30 s", []),
    (
        'link: mcnpr, at: "22:10", for: 5 min',
        ["at: the fault is over before the first step begins (23:00), so that nothing meets it"],
    ),
    ('link: mcnpr, at: "22:10", for: 51 min', []),
    ('crash: SU1, at: "22:10", for: 5 min', []),
]


@pytest.mark.parametrize(("written", "warnings"), LENGTHS)
def test_how_long_a_fault_lasts(written: str, warnings: list[str]) -> None:
    text = DISKS.replace("out: {", 'out: {at: "23:00", ') if "22:10" in written and "min" in written else DISKS
    assert told(text + f"faults:\n  f: {{{written}}}\n") == warnings


def test_a_fault_is_switched_off_by_its_chance_or_its_rest() -> None:
    text = WORLD + 'faults: {f: {link: mcnpr, at: "22:10", for: 30 s}, g: {link: mcnpr, every: 2 h, for: 1 s}}\n'
    varied = loaded(text, vary=["faults.f.chance=0 %,20 %,40 %"]).points
    assert [each.faults[0].chance for each in varied] == [0.0, 0.2, 0.4]
    assert [each.faults[1].chance for each in loaded(text, vary=["faults.g.chance=0 %,100 %"]).points] == [0.0, 1.0]
    assert point(text, "faults.f.remaining=100 %").faults[0].remaining == 1.0


def test_a_fault_without_a_value_is_told_how_to_be_switched_off() -> None:
    text = WORLD + 'faults: {f: {link: mcnpr, at: "22:10"}}\n'
    assert problems(text, "faults.f=null") == [
        "--set faults.f=null: faults.f: has no value; write one, or switch the fault off with 'faults.f.chance: 0 %'"
    ]


OTHER = 'faults:\n  f: {disks: SU2, at: "22:00"}\n'


def test_a_fault_of_the_other_type_is_ignored_where_an_option_gives_the_type() -> None:
    """In the file itself it is a mistake, and so is what an option says about the type that the cluster has not."""
    found = loaded(WORLD + OTHER, "clusters.SE.type=x86")
    assert found.points[0].faults == ()
    assert [fact.path for fact in found.facts[0] if "ignored" in fact.value_text] == ["faults.f.disks"]
    assert [each.faults for each in loaded(WORLD + OTHER, vary=["clusters.SE.type=x86"]).points] == [()]
    wrong = "faults.f.disks: befalls SU /390 only, and 'SU2' is x86; remove the fault"
    in_file = WORLD.replace("/390", "x86") + OTHER
    assert problems(in_file) == [f"night.yaml:17:7: {wrong}"]
    assert problems(in_file, "clusters.SE.type=x86") == [f"night.yaml:17:7: {wrong}"]
    option = "faults.f={disks: SU2, at: '22:00'}"
    assert problems(WORLD + OTHER, "clusters.SE.type=x86", option) == [f"--set {option}: {wrong}"]


def test_fields_of_the_other_type_are_ignored_where_an_option_gives_the_type() -> None:
    text = WORLD.replace("SU1: {memory: 64 GiB}", "SU1: {memory: 64 GiB, hypervisor: 64 MiB}").replace("VM1: {", "VM1: {group: G1, ")
    assert [vm.group for vm in loaded(text, "clusters.SE.type=x86").points[0].vms] == [""]


def test_a_fault_of_the_other_type_may_stand_there_switched_off() -> None:
    found = loaded(WORLD.replace("/390", "x86") + OTHER.replace("at:", "chance: 0 %, at:"))
    assert (found.points[0].faults, found.warnings) == ((), ())


BLAMED = [
    ("every: 1 h, for: 1 s", ("faults.*.chance=10 %",), "has chance and every"),
    ('at: "22:10"', ("faults.f.for=1 s", "faults.f.every=1 h"), "has at and every"),
    ('at: "22:10"', ("faults.f.message=VMS6000",), "has a message"),
    ('at: "22:10"', ("faults.f.crash=SU1",), "has link and crash"),
]


@pytest.mark.parametrize(("written", "options", "words"), BLAMED)
def test_the_option_is_blamed_that_does_not_go_with_the_file(written: str, options: tuple[str, ...], words: str) -> None:
    (problem,) = problems(WORLD + f"faults:\n  f: {{link: mcnpr, {written}}}\n", *options)
    assert problem.startswith(f"--set {options[-1]}: faults.f: {words}")
