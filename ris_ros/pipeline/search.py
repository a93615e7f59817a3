"""Decide, over several frames, whether a thing that is looked for is there."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass

from ris_ros.types import Command, Grounding


class Outcome(enum.IntEnum):
    """How a search ended; the values are those of ``ris_ros/action/Refer``."""

    FOUND = 1
    NOT_FOUND = 2
    AMBIGUOUS = 3
    TIMEOUT = 4
    CANCELLED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """The end of a search.

    Attributes:
        outcome: How it ended.
        message: One sentence for a person.
        best: The answer that settled it where it was found; else the one that speaks most for it, None when no frame
            was seen.
    """

    outcome: Outcome
    message: str
    best: Grounding | None


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """How far a search is.

    Attributes:
        frames_seen: Frames that were grounded for it.
        best_existence: Highest probability so far that the thing is there.
        best: The answer so far that speaks most for it, None when no frame was seen.
    """

    frames_seen: int = 0
    best_existence: float = 0.0
    best: Grounding | None = None


class Search:
    """One command that is looked for until the frames of a camera agree.

    A single frame may err, so a verdict takes ``frames`` in a row of one camera that say the same. Being there (once or
    more than once) is settled by any camera; not being there by all cameras that have delivered.

    Args:
        command: What is looked for.
        plural: Whether its words ask for several things; then several are not ambiguous.
        frames: How many frames in a row must agree.
    """

    def __init__(self, command: Command, plural: bool, frames: int) -> None:
        self.command = command
        self.progress = Progress()
        self._plural = plural
        self._frames = frames
        self._latest: dict[str, Outcome] = {}
        self._streak: Counter[str] = Counter()

    def see(self, grounding: Grounding) -> Verdict | None:
        """Take the answer on one more frame.

        Args:
            grounding: The answer to this search's command.

        Returns:
            The verdict, once there is one.
        """
        camera = grounding.frame.camera
        before = self.progress
        better = before.best is None or _rank(grounding) >= _rank(before.best)
        self.progress = Progress(
            frames_seen=before.frames_seen + 1,
            best_existence=max(before.best_existence, grounding.existence),
            best=grounding if better else before.best,
        )
        latest = self._judge(grounding)
        self._streak[camera] = self._streak[camera] + 1 if self._latest.get(camera) is latest else 1
        self._latest[camera] = latest
        if self._streak[camera] < self._frames:
            return None
        if latest is Outcome.NOT_FOUND:
            return self._absent()
        text = self.command.text
        if latest is Outcome.AMBIGUOUS:
            message = f"'{text}' fits {grounding.candidates} things in the image of '{camera}': say which one."
        else:
            message = f"'{text}' is in the image of '{camera}'."
        return Verdict(latest, message, grounding)

    def _judge(self, grounding: Grounding) -> Outcome:
        if not grounding.found:
            return Outcome.NOT_FOUND
        if grounding.candidates > 1 and not self._plural:
            return Outcome.AMBIGUOUS
        return Outcome.FOUND

    def _absent(self) -> Verdict | None:
        for camera, latest in self._latest.items():
            if latest is not Outcome.NOT_FOUND or self._streak[camera] < self._frames:
                return None
        cameras = ", ".join(f"'{camera}'" for camera in sorted(self._latest))
        message = f"'{self.command.text}' is not in {self._frames} images in a row of {cameras}."
        return Verdict(Outcome.NOT_FOUND, message, self.progress.best)


def unfinished(outcome: Outcome, progress: Progress) -> Verdict:
    """The verdict of a search that is ended from outside.

    Args:
        outcome: TIMEOUT or CANCELLED.
        progress: How far it had come.
    """
    if outcome is Outcome.CANCELLED:
        message = "The search was cancelled."
    elif progress.frames_seen == 0:
        message = "No image came in time: check the cameras."
    else:
        message = f"Time was over before frames agreed; {progress.frames_seen} were seen."
    return Verdict(outcome, message, progress.best)


def _rank(grounding: Grounding) -> tuple[bool, float]:
    return grounding.found, grounding.existence
