"""The catalogue against what the manuals print, and the order of one migration."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from types import ModuleType

import pytest

from sim.errors import ModelError
from sim.vm2000 import answers, catalogue, outside
from sim.vm2000.answers import ANSWERS
from sim.vm2000.catalogue import (
    ABORTED_ON_SOURCE,
    AFTER_SUSPEND,
    ATTACHED_AGAIN_ON_SOURCE,
    CHASE_LIMIT_PASSED,
    COMMAND,
    CPUS_ATTACHED,
    CPUS_BLOCKED,
    DEFINITION_NOT_CREATED,
    DEFINITION_NOT_DELETED,
    DISKS_NOT_OPERABLE,
    ETMDR01,
    FORCED_OFF,
    GUEST_LOST,
    HAL0331,
    HAL0332,
    LINK_LOST,
    MCS1002,
    MESSAGES,
    MONITOR_STARVED,
    NBR0740,
    NO_ROOM_AT_SETUP,
    OPERATOR_COMMAND,
    OVERCOMMITTED,
    OWN,
    PLAN_RETRIES,
    PLAN_SKIPS,
    PLAN_STOPS,
    PLAN_WAITS,
    PROTOCOL,
    QUOTA_SHARES,
    REJECTED_BY_SOURCE,
    RESUMED_ON_SOURCE,
    ROLLED_BACK_ON_TARGET,
    SU_CRASHED,
    VMS2404,
    VMS2430,
    VMS2431,
    VMS2432,
    VMS2450,
    VMS2451,
    VMS2452,
    VMS2471,
    VMS3050,
    VMS4005,
    VMS4009,
    VMS4024,
    VMS6000,
    VMS6001,
    VMS6003,
    VMS6020,
    VMS6021,
    Message,
    Recipient,
    check_order,
    printed,
    rank,
)
from sim.vm2000.outside import OUTSIDE
from sim.vm2000.returns import ACCEPTED

SOURCE = (Recipient.SOURCE, Recipient.SOURCE_ADMINS)
TARGET = (Recipient.TARGET, Recipient.TARGET_ADMINS)
GUEST = (Recipient.GUEST,)
CALLER = (Recipient.CALLER,)
NOBODY = (Recipient.SIMULATOR,)
BOTH = ("/390", "x86")

EXAMPLE = {"index": 12, "vm": "VM12PROD", "source": "ABGSE501", "target": "ABGSE701", "device": "CS"}

# The published console example on SU /390, in its order; the guest's events 8, 10 and 11 are not shown there.
PUBLISHED_390 = [
    (VMS2450, "VMS2450 LIVE MIGRATION OF VM (12,VM12PROD) TO TARGET SU 'ABGSE701' STARTED"),
    (ETMDR01, "ETMDR01 DYNAMIC RECONFIGURATION WITH FUNCTION 'MIGRATE' STARTED"),
    (MCS1002, "MCS1002 GLOBAL MSCF CONFIGURATION PARAMETER 'RECOVERY-START' CHANGED FROM '*AUTOMATIC' TO 'LOCKED'"),
    (VMS2430, "VMS2430 LIVE MIGRATION OF VM (12,VM12PROD) FROM SOURCE SU 'ABGSE501' STARTED"),
    (VMS3050, "VMS3050 VIRTUAL MACHINE (12,VM12PROD) CREATED"),
    (VMS4005, "VMS4005 DEVICE 'CS' ASSIGNED TO VIRTUAL MACHINE (12,VM12PROD)"),
    (VMS2452, "VMS2452 VM (12,VM12PROD) SUSPENDED AT LIVE MIGRATION TO TARGET SU 'ABGSE701'"),
    (VMS2432, "VMS2432 VM (12,VM12PROD) RESUMED AT LIVE MIGRATION FROM SOURCE SU 'ABGSE501'"),
    (VMS2431, "VMS2431 LIVE MIGRATION OF VM (12,VM12PROD) FROM SOURCE SU 'ABGSE501' COMPLETED"),
    (VMS4009, "VMS4009 DEVICE 'CS' REMOVED FROM VIRTUAL MACHINE (12,VM12PROD)"),
    (VMS4024, "VMS4024 VIRTUAL MACHINE (12,VM12PROD) TERMINATED"),
    (VMS2451, "VMS2451 LIVE MIGRATION OF VM (12,VM12PROD) TO TARGET SU 'ABGSE701' COMPLETED"),
]
COMPLETED_390 = [COMMAND, VMS2471, VMS2471, NBR0740, *(message for message, _ in PUBLISHED_390)]
COMPLETED_X86 = [COMMAND, VMS2471, NBR0740, VMS2450, VMS6020, HAL0331, HAL0332, VMS6021, VMS2451]
ABORTED = [CHASE_LIMIT_PASSED, ROLLED_BACK_ON_TARGET, ATTACHED_AGAIN_ON_SOURCE, ATTACHED_AGAIN_ON_SOURCE, ABORTED_ON_SOURCE]


@pytest.mark.parametrize(("message", "line"), PUBLISHED_390, ids=lambda value: value.id if isinstance(value, Message) else "")
def test_a_published_line_is_printed_as_published(message: Message, line: str) -> None:
    assert printed(message, **EXAMPLE) == line
    assert message.text_known


def test_the_command_is_echoed_as_typed() -> None:
    assert printed(COMMAND, command="/MIGRATE-VM VM-ID=12,SERVER-UNIT-NAME=ABGSE701") == "/MIGRATE-VM VM-ID=12,SERVER-UNIT-NAME=ABGSE701"


def test_a_rejection_by_the_target_is_printed_as_in_the_user_guide() -> None:
    line = printed(VMS2404, index=4, vm="G4IVO", target="D021ZE01", reason="VMS4011")
    assert line == "VMS2404 LIVE MIGRATION OF VM (4,G4IVO) REJECTED BY TARGET SU 'D021ZE01'. REASON: VMS4011"


def test_the_end_of_the_command_is_printed_as_in_the_user_guide() -> None:
    line = printed(NBR0740, command="MIGRATE-VM", result=ACCEPTED, date="<date>")
    assert line == "NBR0740 COMMAND COMPLETED 'MIGRATE-VM'; (RESULT: SC2=000, SC1=000, MC=CMD0001); DATE: <date>"


# One row a sentence of "Phases of a VM Migration" that names a message: SU type, message, where it appears.
PHASES_PAGE = [
    ("/390", VMS2471, CALLER),  # a warning for each device to be detached
    ("x86", VMS2471, CALLER),
    ("/390", VMS2450, SOURCE),  # start
    ("/390", VMS2452, SOURCE),  # VM stopped
    ("/390", VMS4024, SOURCE),  # VM deleted
    ("/390", VMS2451, SOURCE),  # successful end
    ("/390", VMS2430, TARGET),  # start
    ("/390", VMS3050, TARGET),  # VM set up
    ("/390", VMS2432, TARGET),  # VM resumed
    ("/390", VMS2431, TARGET),  # successful end
    ("x86", VMS2450, SOURCE),  # start
    ("x86", HAL0331, GUEST),  # VM stopped: only on the guest console
    ("x86", VMS6021, SOURCE),  # VM deleted
    ("x86", VMS2451, SOURCE),  # successful end
    ("x86", VMS6020, TARGET),  # VM set up
    ("x86", HAL0332, GUEST),  # VM resumed: only on the guest console
]


@pytest.mark.parametrize(("su_type", "message", "recipients"), PHASES_PAGE)
def test_a_message_appears_where_the_user_guide_says(su_type: str, message: Message, recipients: tuple[Recipient, ...]) -> None:
    assert message.recipients == recipients
    assert su_type in message.su_types
    assert rank(su_type, message) >= 0


@pytest.mark.parametrize(
    ("message", "recipients"),
    [
        *((message, CALLER) for message in (COMMAND, NBR0740, VMS2404, REJECTED_BY_SOURCE)),
        *((message, GUEST) for message in (ETMDR01, MCS1002)),
        (VMS4005, TARGET),
        (VMS4009, SOURCE),
        # Relocation of the VM definition: the warning goes to the monitor console and the VM administrators of the source SU.
        (DEFINITION_NOT_DELETED, SOURCE),
        # "The reason is reported to the caller": Rejection and abortion of an LM.
        *((message, (*SOURCE, *CALLER)) for message in (CHASE_LIMIT_PASSED, NO_ROOM_AT_SETUP, LINK_LOST, DISKS_NOT_OPERABLE, VMS6000)),
        # Where nothing is published nobody on the site is told anything.
        (AFTER_SUSPEND, NOBODY),
        (GUEST_LOST, NOBODY),
    ],
    ids=lambda value: value.id if isinstance(value, Message) else "",
)
def test_a_message_of_the_other_pages_appears_on_its_console(message: Message, recipients: tuple[Recipient, ...]) -> None:
    assert message.recipients == recipients


ONLY_390 = {"VMS2430", "VMS2431", "VMS2432", "VMS2452", "VMS4024", "VMS3050", "VMS4005", "VMS4009", "ETMDR01", "MCS1002"}
ONLY_X86 = {"VMS6020", "VMS6021", "HAL0331", "HAL0332", "VMS6000", "VMS6001", "VMS6003"}


@pytest.mark.parametrize(("su_type", "foreign"), [("x86", ONLY_390), ("/390", ONLY_X86)])
def test_no_message_of_the_other_su_type_has_a_place(su_type: str, foreign: set[str]) -> None:
    strangers = [message for message in MESSAGES if message.id in foreign]
    assert {message.id for message in strangers} == foreign
    for message in strangers:
        with pytest.raises(KeyError):
            rank(su_type, message)


@pytest.mark.parametrize("su_type", BOTH)
def test_every_message_of_an_su_type_has_one_place(su_type: str) -> None:
    placed = [message for phase in PROTOCOL[su_type] for message in phase]
    assert len(placed) == len(set(placed))
    assert set(placed) == {message for message in MESSAGES if su_type in message.su_types}


@pytest.mark.parametrize(
    ("module", "listed"),
    [(outside, set(OUTSIDE)), (answers, set(ANSWERS))],
    ids=["outside", "answers"],
)
def test_every_constant_is_listed(module: ModuleType, listed: set[Message]) -> None:
    assert {value for value in vars(module).values() if isinstance(value, Message)} == listed


def test_every_constant_of_the_catalogue_has_its_place_in_the_protocol() -> None:
    """All but what belongs to no single migration; answers to commands have one where a check can give them."""
    constants = {value for value in vars(catalogue).values() if isinstance(value, Message)}
    assert constants == {*MESSAGES, *(message for message in OUTSIDE if message in constants)}
    assert len(MESSAGES) == len(set(MESSAGES))


def test_no_id_stands_for_two_messages() -> None:
    ids = [message.id for message in {*MESSAGES, *ANSWERS} if message.id not in {"", OWN}]
    assert len(ids) == len(set(ids)) > 50


def test_no_id_is_invented() -> None:
    """Every id is one that the manuals name for a migration, its check, or an answer to a command."""
    published = {*ONLY_390, *ONLY_X86, "VMS2450", "VMS2451", "VMS2471", "VMS2404", "VMS2400", "VMS4000", "NBR0740"}
    assert {message.id for message in MESSAGES} == {*published, OWN, ""}
    of_commands = {
        *("VMS3000", "VMS3011", "VMS3041", "VMS3042", "NKR0194", "NKR0197", "VMS2461"),  # messages
        *("CMD0202", "VMS4504", "VMS4000"),  # return codes of every command, and of several
        *("VMS2341", "VMS2400", "VMS2300", "VMS2321", "VMS2323", "VMS2324", "VMS2325", "VMS2332"),  # MIGRATE-VM-DEFINITION
        *("VMS2311", "VMS2340", "VMS2342", "VMS2343", "VMS2344", "VMS2345", "VMS2346", "VMS2347", "VMS4013"),  # RECOVER-VM-DEFINITION
        *("VMS2020", "VMS2306", "VMS4612"),  # RESUME-VM
        *("VMS4425", "VMS4400", "VMS4422", "VMS4424"),  # ADD-VM-TO-VM-GROUP
        *("VMS4618", "VMS4600", "VMS4616", "VMS4622"),  # ASSIGN-VM-TO-CPU-POOL
    }
    assert {message.id for message in ANSWERS} == of_commands
    assert {message.id for message in OUTSIDE} == {OWN, ""}


def test_a_text_that_is_not_published_is_marked() -> None:
    unknown = {message.id for message in MESSAGES if not message.text_known and message not in ANSWERS}
    assert unknown == {"VMS2471", "VMS6020", "VMS6021", "HAL0331", "HAL0332", "VMS6000", "VMS6001", "VMS6003", OWN}
    for message in (*MESSAGES, *OUTSIDE, *ANSWERS):
        bracketed = message.text.startswith("[") and message.text.endswith("]")
        assert bracketed == (not message.text_known and message.id != OWN), message.text


def test_the_answers_whose_text_is_published_read_as_in_the_manual() -> None:
    """VM2000 User Guide: examples of SEND-VM-MESSAGE and of ADD-VM-TO-VM-GROUP; V10 User Guide, page 441: ASSIGN-VM-TO-CPU-POOL."""
    lines = [
        printed(answers.VMS3000, command="SEND-VM-MESSAGE", index=2, vm="SYSTEM2"),
        printed(answers.VMS3000, command="SEND-VM-MESSAGE", index=" ", vm="*ALL"),
        printed(answers.VMS4425, index=2, vm="C1SYS1", group="GCUST1"),
        printed(answers.VMS4618, index=2, vm="C1SYS1", old="*STDPOOL", new="PCUST1"),
    ]
    assert lines == [
        "VMS3000 VM2000 COMMAND /SEND-VM-MESSAGE FOR VIRTUAL MACHINE (2,SYSTEM2) PROCESSED SUCCESSFULLY",
        "VMS3000 VM2000 COMMAND /SEND-VM-MESSAGE FOR VIRTUAL MACHINE ( ,*ALL) PROCESSED SUCCESSFULLY",
        "VMS4425 VIRTUAL MACHINE (2,C1SYS1) ASSIGNED TO VM GROUP 'GCUST1'",
        "VMS4618 CPU POOL ASSIGNMENT OF VIRTUAL MACHINE (2,C1SYS1) CHANGED FROM CPU POOL '*STDPOOL' TO CPU POOL 'PCUST1'",
    ]
    assert {message.id for message in ANSWERS if message.text_known} == {"VMS3000", "VMS4425", "VMS4618"}


def test_every_message_names_its_page_and_a_reader() -> None:
    for message in (*MESSAGES, *OUTSIDE, *ANSWERS):
        assert message.source
        assert message.recipients
        assert message.su_types in {BOTH, ("/390",), ("x86",)}


def _inserts(messages: Iterable[Message]) -> set[str]:
    return {insert for message in messages for insert in re.findall(r"{(\w+)}", message.text)}


def test_templates_use_only_the_agreed_inserts() -> None:
    always = {"index", "vm", "source", "target"}
    assert _inserts(MESSAGES) - always == {
        *("device", "reason", "command", "result", "date", "step", "wait", "others"),
        *("unit", "policy", "number", "text"),
    }
    assert _inserts(OUTSIDE) - always == {"step", "wait", "others", "unit", "fault", "what", "command", "text"}
    assert _inserts(ANSWERS) == {"index", "vm", "unit", "command", "number", "text", "pool", "old", "new", "group"}


def test_a_missing_insert_is_our_bug_and_named() -> None:
    with pytest.raises(ModelError, match="VMS2450 lacks its insert 'target'"):
        printed(VMS2450, index=12, vm="VM12PROD")


def test_a_message_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        VMS2450.text = "x"  # type: ignore[misc]  # the test breaks the rule on purpose


BEFORE = [
    ("/390", VMS4005, VMS2452),
    ("/390", VMS2432, VMS4009),
    ("/390", VMS2431, VMS4009),
    ("/390", VMS2431, VMS4024),
    ("/390", VMS2431, VMS2451),
    ("/390", VMS4009, VMS4024),
    ("x86", VMS2450, VMS6020),
    ("x86", HAL0331, HAL0332),
    ("x86", HAL0332, VMS6021),
    ("x86", VMS6021, VMS2451),
    *((su_type, earlier, later) for su_type in BOTH for earlier, later in [(VMS2471, NBR0740), (VMS2404, NBR0740), (NBR0740, VMS2450)]),
    *((su_type, REJECTED_BY_SOURCE, NBR0740) for su_type in BOTH),
    *((su_type, PLAN_WAITS, COMMAND) for su_type in BOTH),
    # The reason of an abort follows the suspension, since nothing aborts after the resume on the target; who goes on is said after it.
    ("/390", VMS2452, DISKS_NOT_OPERABLE),
    ("/390", DISKS_NOT_OPERABLE, AFTER_SUSPEND),
    ("/390", AFTER_SUSPEND, VMS2432),
    ("/390", VMS2432, CPUS_BLOCKED),
    ("/390", VMS2431, QUOTA_SHARES),
    ("/390", VMS4024, DEFINITION_NOT_DELETED),
    ("x86", HAL0331, VMS6000),
    ("x86", VMS6003, AFTER_SUSPEND),
    ("x86", AFTER_SUSPEND, HAL0332),
    ("x86", HAL0332, CPUS_ATTACHED),
    ("x86", HAL0332, OVERCOMMITTED),
    ("x86", VMS6021, DEFINITION_NOT_DELETED),
    *((su_type, DEFINITION_NOT_DELETED, VMS2451) for su_type in BOTH),
    *((su_type, AFTER_SUSPEND, RESUMED_ON_SOURCE) for su_type in BOTH),
    *((su_type, RESUMED_ON_SOURCE, ROLLED_BACK_ON_TARGET) for su_type in BOTH),
    *((su_type, ABORTED_ON_SOURCE, plan) for su_type in BOTH for plan in (PLAN_RETRIES, PLAN_SKIPS, PLAN_STOPS)),
]


@pytest.mark.parametrize(("su_type", "earlier", "later"), BEFORE)
def test_one_message_comes_before_another(su_type: str, earlier: Message, later: Message) -> None:
    assert rank(su_type, earlier) < rank(su_type, later)


REASONS = [CHASE_LIMIT_PASSED, NO_ROOM_AT_SETUP, LINK_LOST, DEFINITION_NOT_CREATED, MONITOR_STARVED, SU_CRASHED, FORCED_OFF]


@pytest.mark.parametrize(("su_type", "of_the_type"), [("/390", [DISKS_NOT_OPERABLE]), ("x86", [VMS6000, VMS6001, VMS6003])])
def test_every_abort_has_one_place_for_its_reason(su_type: str, of_the_type: list[Message]) -> None:
    assert len({rank(su_type, message) for message in (*REASONS, *of_the_type)}) == 1


@pytest.mark.parametrize("su_type", BOTH)
def test_a_roll_back_comes_after_everything_of_the_migration(su_type: str) -> None:
    migration = {*COMPLETED_390, *COMPLETED_X86, *REASONS, AFTER_SUSPEND}
    last = max(rank(su_type, message) for message in migration if su_type in message.su_types)
    assert last < min(rank(su_type, message) for message in (RESUMED_ON_SOURCE, *ABORTED[1:], GUEST_LOST))


SUSPENDED_390 = COMPLETED_390[: COMPLETED_390.index(VMS2432)]
WITH_WARNINGS_390 = [
    *COMPLETED_390[:-4],
    CPUS_BLOCKED,
    VMS2431,
    QUOTA_SHARES,
    QUOTA_SHARES,
    OVERCOMMITTED,
    VMS4009,
    VMS4024,
    DEFINITION_NOT_DELETED,
    VMS2451,
]


@pytest.mark.parametrize(
    ("su_type", "messages"),
    [
        ("/390", COMPLETED_390),
        ("x86", COMPLETED_X86),
        ("/390", [COMMAND, NBR0740, VMS2450, VMS2430, VMS3050, VMS4005, VMS2431, VMS4009, VMS4024, VMS2451]),  # INIT-ONLY
        ("x86", [COMMAND, NBR0740, VMS2450, VMS6020, VMS6021, VMS2451]),  # DOWN
        ("/390", [COMMAND, VMS2471, VMS2404, REJECTED_BY_SOURCE, NBR0740, PLAN_SKIPS]),
        ("/390", [*COMPLETED_390[: COMPLETED_390.index(VMS2452)], *ABORTED, PLAN_RETRIES]),
        ("/390", [*COMPLETED_390[: COMPLETED_390.index(VMS2432)], *ABORTED]),
        ("x86", [COMMAND, NBR0740, VMS2450, NO_ROOM_AT_SETUP, ABORTED_ON_SOURCE, PLAN_STOPS]),
        ("x86", [COMMAND, NBR0740, VMS2450, VMS6020, VMS6001, ROLLED_BACK_ON_TARGET, ABORTED_ON_SOURCE]),
        ("/390", WITH_WARNINGS_390),
        ("/390", [OPERATOR_COMMAND, *COMPLETED_390[1:]]),
        ("/390", COMPLETED_390[COMPLETED_390.index(VMS2450) :]),  # the command was given elsewhere
        ("/390", [*SUSPENDED_390, LINK_LOST, AFTER_SUSPEND, RESUMED_ON_SOURCE, *ABORTED[1:]]),  # source-resumes
        ("/390", [*SUSPENDED_390, LINK_LOST, AFTER_SUSPEND, *COMPLETED_390[COMPLETED_390.index(VMS2432) :]]),  # target-resumes
        ("/390", [*SUSPENDED_390, SU_CRASHED, AFTER_SUSPEND, GUEST_LOST]),  # lost
        ("/390", [*COMPLETED_390[:-1], GUEST_LOST]),  # the target goes down with the guest that it has resumed
        ("x86", [PLAN_WAITS, *COMPLETED_X86]),
    ],
)
def test_a_legal_sequence_passes(su_type: str, messages: list[Message]) -> None:
    check_order(su_type, messages)
    ranks = [rank(su_type, message) for message in messages]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("position", range(len(COMPLETED_390) - 1))
def test_two_exchanged_lines_are_found(position: int) -> None:
    """Exchanging neighbours of the published order is an error unless their order is free."""
    first, second = COMPLETED_390[position : position + 2]
    messages = [*COMPLETED_390[:position], second, first, *COMPLETED_390[position + 2 :]]
    if {first, second} in ({ETMDR01, MCS1002}, {VMS2471}):
        check_order("/390", messages)
        assert rank("/390", first) == rank("/390", second)
    else:
        with pytest.raises(ModelError, match="came too late"):
            check_order("/390", messages)


@pytest.mark.parametrize(
    ("su_type", "messages", "complaint"),
    [
        ("x86", COMPLETED_390, "belongs to the other SU type"),
        ("/390", COMPLETED_X86, "belongs to the other SU type"),
        ("/390", [COMMAND, NBR0740, VMS2450, VMS2450], "came twice"),
        ("/390", [*COMPLETED_390, *ABORTED], "came too late"),
        ("/390", [*COMPLETED_390, *ABORTED[1:]], "abort after the resume"),
        ("x86", [COMMAND, NBR0740, VMS2450, VMS6020, HAL0331, HAL0332, ABORTED_ON_SOURCE], "abort after the resume"),
        ("/390", [COMMAND, NBR0740, VMS2450, ABORTED_ON_SOURCE, VMS2451], "came too late"),
        ("/390", [*SUSPENDED_390, LINK_LOST, *COMPLETED_390[COMPLETED_390.index(VMS2432) :]], "abort after the resume"),
        ("/390", [*COMPLETED_390[: COMPLETED_390.index(VMS2452)], LINK_LOST, RESUMED_ON_SOURCE], "was not suspended"),
        ("/390", [COMMAND, NBR0740, VMS2450, SU_CRASHED, ABORTED_ON_SOURCE, GUEST_LOST], "two ends"),
        ("/390", [*COMPLETED_390, GUEST_LOST], "two ends"),
        ("/390", [message for message in COMPLETED_390 if message is not COMMAND], "without echo"),
        ("/390", [message for message in COMPLETED_390 if message is not NBR0740], "without NBR0740"),
        ("/390", [COMMAND, NBR0740, VMS2450, VMS6000], "belongs to the other SU type"),
        ("x86", [COMMAND, NBR0740, VMS2450, DISKS_NOT_OPERABLE], "belongs to the other SU type"),
        ("/390", [message for message in COMPLETED_390 if message is not VMS2432], "without VMS2432"),
        ("/390", [message for message in COMPLETED_390 if message is not VMS2452], "without VMS2452"),
        ("/390", [message for message in COMPLETED_390 if message not in {VMS2430, VMS4024}], "without VMS2430, VMS4024"),
        ("x86", [message for message in COMPLETED_X86 if message is not HAL0332], "without HAL0332"),
        ("x86", [message for message in COMPLETED_X86 if message is not VMS6021], "without VMS6021"),
    ],
)
def test_an_illegal_sequence_is_our_bug(su_type: str, messages: list[Message], complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        check_order(su_type, messages)
