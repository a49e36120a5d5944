"""The commands about scenario files and the catalogue: `migr new`, `check`, `explain`, `profiles`, `schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.arguments import File, Json, Set, Variant, Vary
from sim.cli.loading import is_swept, load, place_of
from sim.cli.output import print_json, say, width
from sim.errors import ScenarioError, UsageError

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scenario files.")],
    overrides: Set = None,
    vary: Vary = None,
    as_json: Json = False,
) -> None:
    """Find every mistake in scenario files; run nothing, write nothing."""
    from sim.scenario.load import load_scenario

    problems: list[str] = []
    warnings: list[str] = []
    for file in files:
        try:
            loaded = load_scenario(file, overrides or [], vary or [])
        except ScenarioError as error:
            problems += error.problems
            warnings += error.warnings
        else:
            warnings += loaded.warnings
            if not as_json:
                point, variants = loaded.points[0], len(loaded.scenario.variants)
                points = f", points: {len(loaded.points)}" if is_swept(loaded) else ""
                typer.echo(f"{file}: correct; VMs: {len(point.vms)}, steps: {len(point.steps)}, variants: {variants}{points}")
    if as_json:
        print_json({"problems": problems, "warnings": warnings})
    else:
        for warning in warnings:
            say(f"warning: {warning}")
    if problems:
        raise ScenarioError(problems)


def explain(
    file: File,
    overrides: Set = None,
    vary: Vary = None,
    variant: Variant = None,
    everything: Annotated[bool, typer.Option("--all", help="Print the values that the scenario gives itself, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show what was understood: derived numbers, defaults with their source, assumptions, cost."""
    from sim.experiment.stopping import fewest, wanted_replications
    from sim.report.explain import explained, explained_text

    loaded = load(file, overrides or [], vary)
    wanted = wanted_replications(None, loaded.scenario.experiment)
    found = explained(loaded, place_of(loaded, variant), fewest(wanted))
    found["cost"]["limit"] = None if isinstance(wanted, int) else wanted.limit
    if as_json:
        print_json(found)
    else:
        typer.echo(explained_text(found, width(), all_values=everything))


def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario file to write; an existing one is never touched.")],
    su_type: Annotated[str, typer.Option("--type", metavar="/390|x86", help="SU type of the cluster.")] = "/390",
) -> None:
    """Write a short scenario with comments, to begin with."""
    from sim.scenario.writing import template

    if su_type not in {"/390", "x86"}:
        raise UsageError(f"--type {su_type}: no SU type; write /390 or x86")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(template(su_type))
    except FileExistsError:
        raise UsageError(f"{file} exists; name another file") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot write ({error.strerror}); name another file") from None
    say(f"{file} written. Next: migr check {file}; migr run {file}")


def profiles(
    name: Annotated[str | None, typer.Argument(metavar="[su_types|policies|links|loads|assumptions]", help="Only these.")] = None,
    as_json: Json = False,
) -> None:
    """Show the catalogue: SU types, policies, links, loads, each number with its source or assumption."""
    from sim.scenario.catalogue import PROFILES, profile_content, profile_text

    if name is not None and name not in PROFILES:
        raise UsageError(f"{name}: no part of the catalogue; write {', '.join(PROFILES)}")
    chosen = [name] if name else list(PROFILES)
    if as_json:
        print_json({each: profile_content(each) for each in chosen})
    else:
        typer.echo("\n".join(profile_text(each) for each in chosen).rstrip())


def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    from sim.scenario.writing import json_schema

    print_json(json_schema())
