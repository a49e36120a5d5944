from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.vm2000.commands.formats import COMMANDS
from sim.vm2000.commands.operands import Operand
from sim.vm2000.commands.syntax import CommandError, Element, Unknown, concealed, elements, meant, parse

# Of the SE server whitepaper (Operating the LM through VM2000 commands) and of the User Guide (CHECK-VM-MIGRATION, RECOVER-VM-DEFINITION,
# ADD-VM-TO-VM-GROUP; V10, page 441: ASSIGN-VM-TO-CPU-POOL): lines that the product takes.
PUBLISHED = [
    ("/MIGRATE-VM VM-ID=12,SERVER-UNIT-NAME=ABGSE701", "MIGRATE-VM", {"VM-IDENTIFICATION": "12", "SERVER-UNIT-NAME": "ABGSE701"}),
    (
        "/MIGRATE-VM VM-ID=VM12PROD,SERVER-UNIT-NAME=ABGSE701,MONJV=MONJV.LM.VM12PROD",
        "MIGRATE-VM",
        {"VM-IDENTIFICATION": "VM12PROD", "MONJV": "MONJV.LM.VM12PROD", "JV-PASSWORD": "*NONE"},
    ),
    ("/check-vm-migration vm-id=g4ivo,server-unit-name=d021ze01", "CHECK-VM-MIGRATION", {"SERVER-UNIT-NAME": "D021ZE01"}),
    ("/recover-vm-definition vm-name=g4ivn", "RECOVER-VM-DEFINITION", {"VM-NAME": "G4IVN", "SERVER-UNIT-NAME": "*UNIQUE"}),
    (
        "/add-vm-to-vm-group vm-id=c1sys1,vm-group-name=gcust1,\n  member-cpu-quota=1",
        "ADD-VM-TO-VM-GROUP",
        {"VM-IDENTIFICATION": "C1SYS1", "VM-GROUP-NAME": "GCUST1", "MEMBER-CPU-QUOTA": "1"},
    ),
    (
        "/assign-vm-to-cpu-pool vm-id=c1sys1,to-cpu-pool=pcust1,cpu-quota=80",
        "ASSIGN-VM-TO-CPU-POOL",
        {"VM-IDENTIFICATION": "C1SYS1", "TO-CPU-POOL": "PCUST1", "CPU-QUOTA": "80", "ATTACHED-VM-CPUS": "*CHECK-NUMBER"},
    ),
]
# Formats of the User Guide: MOVE-VM, SHOW-VM-GROUP, MODIFY-VM-ATTRIBUTES.
FORMATS = [
    *((f"MOVE-VM VM-ID=2,MSCF-COORDINATED={value}", "MSCF-COORDINATED", value) for value in ("*IF-POSSIBLE", "*YES", "*NO")),
    *((f"SHOW-VM-GROUP INFORMATION={value}", "INFORMATION", value) for value in ("*ATTRIBUTES", "*MEMBERS", "*ALL")),
    ("SHOW-VM-GROUP *BY-MEMBER(VM-ID=VM1)", "VM-GROUP-NAME", "*BY-MEMBER"),
    ("SHOW-VM-GROUP *BY-CPU-POOL(CPU-POOL-NAME=PROD)", "VM-GROUP-NAME", "*BY-CPU-POOL"),
    *((f"MODIFY-VM-ATTR VM1,ADMIN-PRIV={value}", "ADMIN-PRIVILEGES", value) for value in ("*STD", "*MINIMUM", "*MAXIMUM")),
    ("MODIFY-VM-ATTR VM1,PASSWORD=C'SECRET12'", "PASSWORD", "C'SECRET12'"),
    ("MODIFY-VM-ATTR VM1,PASSWORD=X'0123456789ABCDEF'", "PASSWORD", "X'0123456789ABCDEF'"),
]


@pytest.mark.parametrize(("text", "name", "operands"), PUBLISHED)
def test_published_lines_are_understood(text: str, name: str, operands: dict[str, str]) -> None:
    statement = parse(text)
    assert statement.name == name
    assert operands.items() <= statement.operands.items()


@pytest.mark.parametrize(("text", "operand", "value"), FORMATS)
def test_published_formats_are_understood(text: str, operand: str, value: str) -> None:
    assert parse(text)[operand] == value


@pytest.mark.parametrize(
    "text",
    [
        "MIGRATE-VM VM-IDENTIFICATION=VM1,SERVER-UNIT-NAME=S2",
        "  /migrate-vm  vm-identification = vm1 ,  server-unit-name = s2 ",
        "/MIG-VM VM-ID=VM1,SERV=S2",
        "/MIGRATE-VM VM1,S2",
        "/MIGRATE-VM VM1,SERVER=S2",
        "/MIGRATE-VM VM1,S2,,",
        "/MIGRATE-VM SERV-U=S2,VM=VM1",
        "/MIGRATE-VM VM1,S2,*NONE,*N",
    ],
)
def test_one_command_can_be_written_in_many_ways(text: str) -> None:
    assert parse(text) == parse("/MIGRATE-VM VM-IDENTIFICATION=VM1,SERVER-UNIT-NAME=S2,MONJV=*NONE,JV-PASSWORD=*NONE")


def test_what_was_typed_is_kept_for_the_echo() -> None:
    assert parse(" hold-vm  vm-id=2 ").text == "/hold-vm  vm-id=2"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("MIGRATE-VM", ["MIGRATE-VM"]),  # what is written in full is meant, though it begins another name
        ("MIG-VM", ["MIGRATE-VM"]),
        ("MIG-VM-DEF", ["MIGRATE-VM-DEFINITION"]),
        ("HOLD", ["HOLD-VM"]),  # parts at the end may be left out
        ("RES-VM", ["RESUME-VM", "RESET-VM"]),
        ("VM", []),
        ("MIG--VM", []),
    ],
)
def test_names_are_shortened_part_by_part(typed: str, found: list[str]) -> None:
    assert meant(typed, COMMANDS) == found


@given(command=st.sampled_from(sorted(COMMANDS)), lengths=st.lists(st.integers(1, 20), min_size=6, max_size=6))
def test_an_abbreviation_never_means_another_command_alone(command: str, lengths: list[int]) -> None:
    """Whatever is left of each part: either the command is meant, or several are, or others with fewer parts hide it (MIGRATE-VM)."""
    typed = "-".join(part[:length] for part, length in zip(command.split("-"), lengths, strict=False))
    assert command in meant(typed, COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_described_and_its_defaults_are_allowed(name: str) -> None:
    """Left out or written in full, the defaults give the same statement; a mandatory operand has none."""
    command = COMMANDS[name]
    assert command.name == name
    assert command.help[0].islower()
    assert not command.help.endswith(".")
    mandatory = [f"{operand.name}={_example(operand)}" for operand in command.operands if operand.default is None]
    full = [f"{operand.name}={operand.default or _example(operand)}" for operand in command.operands]
    assert parse(f"{name} {','.join(mandatory)}") == parse(f"{name} {','.join(full)}")
    assert len({text.partition("=")[0] for text in full}) == len(full)
    for text in mandatory:
        with pytest.raises(CommandError, match=f"{text.partition('=')[0]} is missing"):
            parse(f"{name} {','.join(other for other in mandatory if other != text)}")


def _example(operand: Operand) -> str:
    """Return a value of a mandatory operand."""
    return {"UNITS": "5000", "NEW-MEMORY-SIZE": "1024", "CPU-QUOTA": "10", "MEMBER-CPU-QUOTA": "10"}.get(operand.name, "2A")


WRONG = [
    ("", "'' is no command"),
    ("12", "'12' is no command"),
    ("RES-VM VM1", "'RES-VM' can be RESUME-VM or RESET-VM; write more of it"),
    ("MIGRATE-VM", "VM-IDENTIFICATION is missing; write VM-IDENTIFICATION=<integer 1..99> / <name 1..8>"),
    ("MIGRATE-VM VM-ID=TOOLONGNAME", "VM-IDENTIFICATION=TOOLONGNAME is not allowed; write VM-IDENTIFICATION=<integer 1..99> / <name 1..8>"),
    ("MIGRATE-VM VM1,*ALL", "SERVER-UNIT-NAME=*ALL is not allowed; write SERVER-UNIT-NAME=*UNIQUE / <composed-name 1..64>"),
    ("MIGRATE-VM VM1,SU=S2", "there is no operand 'SU'; allowed: VM-IDENTIFICATION, SERVER-UNIT-NAME, MONJV, JV-PASSWORD"),
    ("MIGRATE-VM VM1,SERVR=S2", "there is no operand 'SERVR'"),
    ("MIGRATE-VM VM1,VM-ID=VM2", "VM-IDENTIFICATION is written twice; write it once"),
    ("MIGRATE-VM SERV=S2,VM1", "'VM1' has no operand; write NAME=VALUE"),
    ("MIGRATE-VM (VM1", "'(VM1' has a parenthesis too many or too few"),
    ("MIGRATE-VM VM1,JV-P=C'A", "has a quote too many or too few"),
    ("HOLD-VM *A-B", "VM-IDENTIFICATION=*A-B is not allowed"),
    ("HOLD-VM *ALL(2)", "VM-IDENTIFICATION=*ALL has nothing in parentheses; leave '(2)' out"),
    ("DELETE-VM 2,*MAYBE", "CHECK-VM-STATE=*MAYBE is not allowed; write CHECK-VM-STATE=*YES / *NO"),
    ("START-VM VM-ID=2,CHECK=", "CHECK-VM-STATE= is not allowed"),
    ("EXTEND-VM-MEMORY 2,MEMORY-SIZE=4096", "there is no operand 'MEMORY-SIZE'; did you mean NEW-MEMORY-SIZE?"),
    ("EXTEND-VM-MEMORY 2,0", "NEW-MEMORY-SIZE=0 is not allowed"),
    ("EXTEND-VM-MEMORY 2,8GB", "here 8(DIMENSION=*GIGABYTE)"),
    ("EXTEND-VM-MEMORY 2,4096 MB", "here 4096"),
    ("ASSIGN-VM-TO-CPU-POOL 2,PROD,100", "CPU-QUOTA=100 is not allowed; write CPU-QUOTA=<fixed 0.01..99.99>"),
    ("ADD-VM-DEVICES (5000,50000),2", "UNITS=50000 is not allowed"),
    ("ADD-VM-DEVICES *DEVICE-RANGE(5000),2", "TO is missing"),
    ("SHOW-VM-ATTRIBUTES *M", "INFORMATION=*M can be *MEMORY or *MONJV; write more of it"),
    ("START-CONFIGURATION-UPDATE 5", "'5' has no operand; write NAME=VALUE, it has no operands"),
    ("START-VM I=1A", "operand 'I' can be IPL-UNIT or INFORMATION-BYTE; write more of it"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_is_wrong_says_what_was_found_and_what_is_allowed(text: str, words: str) -> None:
    with pytest.raises(CommandError, match=re.escape(words)):
        parse(text)


@pytest.mark.parametrize("text", ["MIGRATE-VM VM-ID=(12,13", "MIGRATE-VM 'VM1"])
def test_behind_a_wrong_parenthesis_or_quote_nothing_is_missing(text: str) -> None:
    with pytest.raises(CommandError) as error:
        parse(text)
    assert "missing" not in str(error.value)
    assert "too many or too few" in str(error.value)


def test_an_operand_without_its_hyphens_is_suggested() -> None:
    with pytest.raises(CommandError, match=re.escape("there is no operand 'VMID'; did you mean VM-IDENTIFICATION?")):
        parse("MIGRATE-VM VMID=2")


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(CommandError) as error:
        parse("/START-VM IPL-UNIT=12345,HOLD=PERHAPS,FOO=1,CHECK=*NO,VM-ID=100000000")
    for words in ("IPL-UNIT=12345", "HOLD=PERHAPS", "'FOO'", "VM-IDENTIFICATION=100000000"):
        assert words in str(error.value)
    assert "CHECK-VM-STATE=" not in str(error.value)


def test_too_many_values_of_a_list() -> None:
    with pytest.raises(CommandError, match="UNITS has 29 values; at most 28 are allowed"):
        parse(f"ADD-VM-DEVICES ({','.join(f'50{number}' for number in range(10, 39))}),2")


@pytest.mark.parametrize("text", ["/CREATE-VM VM-NAME=X", "set-file-link a,b", "/D"])
def test_a_command_that_the_simulator_does_not_know_is_no_mistake(text: str) -> None:
    with pytest.raises(Unknown) as unknown:
        parse(text)
    assert unknown.value.name == text.removeprefix("/").split()[0].upper()


@pytest.mark.parametrize(("typed", "number"), [("12", "12"), ("02", "2"), ("99", "99"), ("100", "100"), ("0815", "0815"), ("00", "00")])
def test_a_number_is_an_index_as_long_as_it_can_be_one(typed: str, number: str) -> None:
    """0 and 100 are no indexes, so they are names: names of VMs may be digits in a scenario."""
    assert parse(f"HOLD-VM {typed}")["VM-IDENTIFICATION"] == number


def test_what_stands_in_parentheses_has_the_name_of_its_operand() -> None:
    statement = parse("EXTEND-VM-MEMORY VM-ID=2,NEW-MEMORY-SIZE=8(DIMENSION=*GIGABYTE)")
    assert (statement["NEW-MEMORY-SIZE"], statement["NEW-MEMORY-SIZE.DIMENSION"]) == ("8", "*GIGABYTE")
    assert parse("EXTEND-VM-MEMORY 2,8(*GIG)") == statement
    assert parse("EXTEND-VM-MEMORY 2,4096")["NEW-MEMORY-SIZE.DIMENSION"] == "*MEGABYTE"
    nested = parse("SHUTDOWN-VM *VM2000(ACTION=*SHUTDOWN(QUIET-TIME=10))")
    assert nested["VM-IDENTIFICATION.ACTION.QUIET-TIME"] == "10"
    assert nested["VM-IDENTIFICATION.WAITING-TIME"] == "*UNLIMITED"


def test_the_asterisk_may_be_left_out_where_only_keywords_are_allowed() -> None:
    assert parse("REMOVE-VM-DEVICES 5000,2,FORCE=YES")["FORCE"] == "*YES"
    assert parse("MIGRATE-VM VM1,UNIQUE")["SERVER-UNIT-NAME"] == "UNIQUE"  # the name of an SU


def test_lists_are_taken_apart() -> None:
    value = parse("REMOVE-VM-DEVICES (5000, *DEV(5010,5013),T1,60*),2")["UNITS"]
    assert elements(value) == (
        Element("5000", {}),
        Element("*DEVICE-RANGE", {"FROM": "5010", "TO": "5013"}),
        Element("T1", {}),
        Element("60*", {}),
    )
    assert elements(parse("REMOVE-VM-DEVICES *ALL,2")["UNITS"]) == (Element("*ALL", {"CHECK-VM-STATE": "*YES"}),)
    assert elements(parse("REMOVE-VM-DEVICES UNITS=*ALL(*NO),VM-ID=2")["UNITS"]) == (Element("*ALL", {"CHECK-VM-STATE": "*NO"}),)


@pytest.mark.parametrize("given", ["C'a,b='", "'(x'", "X'0F'", "-5"])
def test_passwords_may_hold_what_separates_operands(given: str) -> None:
    assert parse(f"MIGRATE-VM VM1,S2,MONJV=JV.A,JV-PASSWORD={given}")["JV-PASSWORD"] == given


def outcome(text: str) -> str:
    """Return what comes of a line: the command, "unknown", or what is wrong with it."""
    try:
        return parse(text).name
    except Unknown:
        return "unknown"
    except CommandError as error:
        return f"wrong: {error}"


@given(text=st.text(alphabet="/MIGRATE-VMabc=,()'* 0123456789.\"\t", max_size=60))
def test_no_line_breaks_the_parser(text: str) -> None:
    """Whatever is typed is understood, unknown, or wrong in words."""
    found = outcome(text)
    assert found in {"unknown", *COMMANDS} or len(found) > len("wrong: ")


@given(name=st.sampled_from(sorted(COMMANDS)), text=st.text(alphabet="VM-ID=,()'* 05AT.SERVUNIT*NOYALL", max_size=40))
def test_no_operands_break_the_parser(name: str, text: str) -> None:
    found = outcome(f"{name} {text}")
    assert found == name or found.startswith(f"wrong: {name}: ")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/MIGRATE-VM 12,SU2,MONJV=JV,JV-PASSWORD=C'ABCD'", "/MIGRATE-VM 12,SU2,MONJV=JV,JV-PASSWORD=*SECRET"),
        ("/mig-vm 12, mon=JV , jv-pass = X'C1,C2'", "/mig-vm 12,mon=JV,jv-pass =*SECRET"),
        ("/MIGRATE-VM 12,SU2,JV,C'AB,D'", "/MIGRATE-VM 12,SU2,JV,*SECRET"),  # by its place, with a comma in it
        ("MODIFY-VM-ATTRIBUTES 12,PASSWORD='GEHEIM01'", "MODIFY-VM-ATTRIBUTES 12,PASSWORD=*SECRET"),
        ("/MIGRTE-VM 12,JV-PASSWORD='A'", "/MIGRTE-VM 12,JV-PASSWORD=*SECRET"),  # mistyped, the password is none the less one
        ("/MIGRATE-VM 12,JV-PASSWORD='AB", "/MIGRATE-VM 12,JV-PASSWORD=*SECRET"),
    ],
)
def test_no_console_shows_a_password(typed: str, shown: str) -> None:
    assert concealed(typed) == shown


@pytest.mark.parametrize("typed", ["/MIGRATE-VM  12, JV-PASSWORD=*NONE", "/FOO", "", "/", "/HOLD-VM 12,", "/SHOW-VM-ATTR (1, 2"])
def test_all_else_is_shown_as_it_was_typed(typed: str) -> None:
    assert concealed(typed) == typed


def test_a_password_that_is_none_is_not_shown_either() -> None:
    with pytest.raises(CommandError, match=r"JV-PASSWORD=\*SECRET is not allowed") as refused:
        parse("MIGRATE-VM 12,JV-PASSWORD=C'TOOLONG'")
    assert "TOOLONG" not in str(refused.value)


@given(st.text())
def test_whatever_is_typed_can_be_shown(typed: str) -> None:
    assert isinstance(concealed(typed), str)
