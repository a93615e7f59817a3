"""Child processes that never outlive their parent, each with a log of its own."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ris_ros.errors import OutputError, RisError

_PR_SET_PDEATHSIG = 1
_GRACE_S = 5.0
_LAST_LINES = 12
_PRCTL = getattr(ctypes.CDLL(None), "prctl", None)  # Linux; elsewhere a parent that is killed leaves its children


class ChildError(RisError):
    """A child process could not be started or ended before it should."""


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """A running child.

    Attributes:
        name: What it is, for messages.
        process: The process.
        log: Where its output goes, both streams.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self) -> str:
        """The end of its log, for a person who asks why it died."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  | {line}" for line in lines[-_LAST_LINES:]) or "  | (it said nothing)"


class Children:
    """Starts children and ends them all on leaving its ``with`` block, in the reverse order of their start.

    Args:
        logs: Folder of the logs, ``<name>.log`` each.
        environment: What the children find in their environment.
    """

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._environment = dict(environment)
        self._children: list[Child] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str]) -> Child:
        """Start a child.

        Raises:
            ChildError: The program cannot be run.
            OutputError: Its log cannot be written.
        """
        log = self._logs / f"{name}.log"
        try:
            output = log.open("wb")
        except OSError as error:
            raise OutputError(f"'{log}' cannot be written ({error.strerror}): choose another folder.") from None
        with output:
            try:
                # A session of its own: an interrupt from the keyboard reaches the parent only, which then ends the
                # children in order.
                process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
            except OSError as error:
                raise ChildError(f"The {name} cannot be started: {error.strerror} ({command[0]}).") from None
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def check(self) -> None:
        """Raise if a child has ended.

        Raises:
            ChildError: One has; the message names it and ends with the last lines that it said.
        """
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
                raise ChildError(f"The {child.name} {how}; its log is {child.log} and ends:\n{child.last_lines()}")

    def end(self, child: Child) -> None:
        """Ask a child to end; kill it if it does not within five seconds."""
        for number, patience_s in ((signal.SIGINT, _GRACE_S), (signal.SIGKILL, None)):
            if child.process.poll() is not None:
                break
            # It may end between the question and the signal, or take longer than it is given.
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(child.process.pid, number)
                child.process.wait(patience_s)
        # Not before it has ended: an interrupt while waiting must find it in the list.
        self._children.remove(child)

    def stop(self) -> None:
        """End every child, newest first."""
        while self._children:
            self.end(self._children[-1])


def _die_with_parent() -> None:
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGTERM)
