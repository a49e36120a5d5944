"""The terminal of a session: a prompt with history and completion, and above it the lines of the consoles as they arrive.

Prompt and simulation share one event loop in one thread: the simulation runs in slices between two looks at the keyboard, so
nothing else touches the world while a command is typed into it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from sim.report.console.completion import candidates
from sim.report.console.desk import Desk

REFRESH_S = 0.5  # the clock in the prompt shows seconds; at speed 1 it is never a whole one behind

Show = Callable[[list[str]], None]


def converse(desk: Desk, show: Show) -> None:
    """Play a session on the terminal until somebody ends it.

    Args:
        desk: the session.
        show: prints lines of the consoles.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    asyncio.run(_conversation(desk, show))


async def _conversation(desk: Desk, show: Show) -> None:
    prompt: PromptSession[str] = PromptSession(
        message=lambda: desk.prompt,
        completer=Names(desk),
        complete_while_typing=False,  # lists that come and go hide the messages that somebody is waiting for
        history=history(),
        refresh_interval=REFRESH_S,
        erase_when_done=True,  # the console echoes a command itself, with the time at which it was given
    )
    queue = _Queue(show)
    queue.rows += desk.greeting()
    queue.flush()
    player = asyncio.create_task(_play(desk, queue))
    player.add_done_callback(lambda _: prompt.app.exit(exception=EOFError) if prompt.app.is_running and not prompt.app.is_done else None)
    try:
        while not (player.done() or desk.over):
            line = await prompt.prompt_async()
            queue.rows += desk.enters(line)
            queue.flush()
    except EOFError:
        desk.over = True
    finally:
        queue.flush()
        player.cancel()  # nothing where it is done already
    if player.done() and not player.cancelled():
        player.result()  # what went wrong in it goes wrong here


async def _play(desk: Desk, queue: _Queue) -> None:
    """Simulate in the pace of the wall clock, and show what arrives above the prompt."""
    while not desk.over:
        rows, pause_s = desk.tick()
        if rows:
            queue.rows += rows
            await run_in_terminal(queue.flush)
        await asyncio.sleep(pause_s)


class _Queue:
    """Lines in the order in which they are to be shown: the terminal takes a moment until it is free, and a command can come first.

    Args:
        show: prints lines.
    """

    def __init__(self, show: Show) -> None:
        self.rows: list[str] = []
        self._show = show

    def flush(self) -> None:
        """Show what waits."""
        rows, self.rows = self.rows, []
        if rows:
            self._show(rows)


def history() -> History:
    """Return what was typed in earlier sessions; nothing where no file can be kept."""
    try:
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "migr"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "console-history"
        with file.open("ab"):
            return FileHistory(str(file))
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return InMemoryHistory()


class Names(Completer):
    """Completes what is typed at a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002 - its interface
        """Yield the ends of what stands before the cursor."""
        begun, found = candidates(document.text_before_cursor, self._desk.screen, self._desk.at)
        for text in found:
            yield Completion(text, start_position=-len(begun))
