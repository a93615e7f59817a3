"""Many random streets, or rides along them, rendered into a folder in several processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ris_ros.data.scenes.dataset import write_frame
from ris_ros.data.scenes.layout import render_shot
from ris_ros.data.scenes.sequence import render_sequence
from ris_ros.errors import OutputError, RisError

SIZES_PX: tuple[tuple[int, int], ...] = ((480, 288), (480, 360))
"""(width, height) of frames, taken in turn."""


@dataclass(frozen=True, slots=True)
class _Task:
    folder: Path
    name: str
    seed: int
    size_px: tuple[int, int]
    frames: int = 0
    """Frames of a ride; 0 for a single picture."""
    step_s: float = 0.0

    @property
    def last(self) -> Path:
        """The file that is written last."""
        return self.folder / (f"{self.name}-{self.frames - 1:03d}.json" if self.frames else f"{self.name}.json")


def render_many(
    folder: Path,
    count: int,
    seed: int,
    sizes_px: Sequence[tuple[int, int]] = SIZES_PX,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Render frames ``00000`` to ``count - 1`` with their geometry; those that are there already are kept.

    Args:
        folder: Made if it is missing.
        count: Frames that the folder shall hold.
        seed: Frame k has seed + k, whichever process renders it.
        sizes_px: (width, height), taken in turn.
        jobs: Processes.
        progress: Called with (frames done, frames to do).

    Returns:
        How many were rendered.

    Raises:
        OutputError: The folder cannot be written to.
        RisError: A frame cannot be rendered, as without the extra ``sim``.
    """
    tasks = [_Task(folder, f"{k:05d}", seed + k, sizes_px[k % len(sizes_px)]) for k in range(count)]
    return _render_missing(folder, tasks, jobs, progress)


def render_sequences(
    folder: Path,
    count: int,
    seed: int,
    frames: int,
    step_s: float = 0.25,
    sizes_px: Sequence[tuple[int, int]] = SIZES_PX,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Render rides ``00000`` to ``count - 1``, each of frames ``-000`` to ``frames - 1``; whole rides are kept.

    Args:
        folder: Made if it is missing.
        count: Rides that the folder shall hold.
        seed: Ride k has seed + k, whichever process renders it.
        frames: Frames of a ride.
        step_s: Time between two frames.
        sizes_px: (width, height) of a ride, taken in turn.
        jobs: Processes.
        progress: Called with (rides done, rides to do).

    Returns:
        How many rides were rendered.

    Raises:
        OutputError: The folder cannot be written to.
        RisError: A frame cannot be rendered, as without the extra ``sim``.
    """
    tasks = [_Task(folder, f"{k:05d}", seed + k, sizes_px[k % len(sizes_px)], frames, step_s) for k in range(count)]
    return _render_missing(folder, tasks, jobs, progress)


def _render_missing(folder: Path, wanted: Sequence[_Task], jobs: int, progress: Callable[[int, int], None]) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror}): choose another folder.") from None
    tasks = [task for task in wanted if not task.last.exists()]
    for done, trouble in enumerate(_results(tasks, jobs), start=1):
        if trouble is not None:
            raise RisError(trouble)
        progress(done, len(tasks))
    return len(tasks)


def _results(tasks: Sequence[_Task], jobs: int) -> Iterator[str | None]:
    if jobs == 1 or len(tasks) < 2:
        yield from map(_render, tasks)
        return
    # Started afresh: threads of the image libraries do not survive a fork.
    with multiprocessing.get_context("spawn").Pool(min(jobs, len(tasks)), _leave_interrupts_to_the_parent) as pool:
        yield from pool.imap_unordered(_render, tasks)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _render(task: _Task) -> str | None:
    """Render a picture or a ride; says what went wrong, since not every exception travels between processes."""
    try:
        if not task.frames:
            shot = render_shot(task.seed, task.size_px)
            write_frame(task.folder, task.name, shot.image, {"seed": task.seed}, shot.geometry)
            return None
        for index, shot in enumerate(render_sequence(task.seed, task.frames, task.step_s, task.size_px)):
            facts = {"seed": task.seed, "sequence": {"frame": index, "seconds": index * task.step_s}}
            write_frame(task.folder, f"{task.name}-{index:03d}", shot.image, facts, shot.geometry)
    except RisError as error:
        return str(error)
    return None
