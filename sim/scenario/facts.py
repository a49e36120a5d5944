"""What a point rests on: every value that changes an answer, where it comes from and what it assumes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pydantic import BaseModel

from sim.scenario.catalogue import Known, assumptions
from sim.scenario.document import Document
from sim.scenario.problems import Path, dotted

Origin = Literal["scenario", "default", "profile", "derived"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact:
    """One value that a point rests on.

    Args:
        path: dotted path in the scenario that sets it; "model" for what no path sets.
        value_text: the value as text.
        origin: written in the scenario, a default of the program, out of a profile, or derived from other values.
        source: where it was written (`FILE:LINE:COL`), or where the number comes from.
        assumption: tag of the assumption it rests on, or None.
    """

    path: str
    value_text: str
    origin: Origin
    source: str
    assumption: str | None = None


@dataclass(slots=True)
class FactList:
    """Collects the facts of one point while its defaults are filled in.

    Args:
        document: what was written, for places and original texts.
        facts: what has been collected.
    """

    document: Document
    facts: list[Fact] = field(default_factory=list)

    def written(self, path: Path, note: str = "") -> None:
        """Note that the scenario says this itself."""
        text = self.document.texts.get(path, "given")
        self.facts.append(Fact(dotted(path), text + note, "scenario", self.document.value_place(path).label))

    def default(self, path: Path, text: str, source: str, assumption: str | None = None) -> None:
        """Note a default of the program."""
        self.facts.append(Fact(dotted(path), text, "default", source, assumption))

    def derived(self, path: Path, text: str, source: str, assumption: str | None = None) -> None:
        """Note a value that follows from others."""
        self.facts.append(Fact(dotted(path), text, "derived", source, assumption))

    def known(self, path: Path, known: Known, profile: str) -> None:
        """Note a value out of a profile."""
        source = known.source or (f"assumed [{known.assumes}]: {assumptions()[known.assumes].title}" if known.assumes else "")
        self.facts.append(Fact(dotted(path), known.text, "profile", f"profile {profile}: {source}", known.assumes))

    def choice(self, path: Path, given: T | None, known: Known, profile: str) -> T:
        """Return what the scenario gives, or else what the profile knows; note which."""
        if given is not None:
            self.written(path)
            return given
        self.known(path, known, profile)
        value: T = known.value
        return value

    def field(self, path: Path, entry: BaseModel, name: str, text: str, source: str, assumption: str | None = None) -> None:
        """Note a field of an entry: written in the scenario, or the default given here."""
        if name in entry.model_fields_set:
            self.written((*path, name))
        else:
            self.default((*path, name), text, source, assumption)


def facts_always() -> list[Fact]:
    """Return what every run assumes and no path in a scenario changes."""
    return [Fact("model", entry.title, "default", entry.text, tag) for tag, entry in assumptions().items() if entry.always]
