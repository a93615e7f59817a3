"""Notes checked against the frames that they were written about, before anybody learns from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.notes.apply import (
    LABELLED_AS,
    LEAST_OF_LABEL,
    MIN_THING_PX,
    apply_notes,
    area_mask,
    polygon_mask,
    thing_mask,
)
from ris_ros.data.notes.read import FrameNotes

_MOSTLY = 0.5
"""Of a box so much, or of a region so much road, is what one expects; less is worth a look."""

_SAME = 0.9
"""Two things that share so much of the smaller one are one thing noted twice."""

_DRIVABLE = frozenset({"road", "void"})


def verify_notes(
    notes: Mapping[str, FrameNotes],
    images: Sequence[LabeledImage],
    frames: Sequence[str],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[str]:
    """What is wrong with notes.

    Args:
        notes: By frame name.
        images: The source that they were written about.
        frames: Name of each image.
        progress: Called with (frames done, frames in all).

    Returns:
        A sentence for each trouble, with the frame's name at its head; empty when all is well.

    Raises:
        DataError: An image cannot be read.
    """
    places = {frame: place for place, frame in enumerate(frames)}
    found: list[str] = []
    for done, (frame, note) in enumerate(notes.items(), start=1):
        if frame not in places:
            found.append(f"{frame}: is no frame of the source.")
        else:
            found += [f"{frame}: {trouble}." for trouble in frame_troubles(note, images[places[frame]])]
        progress(done, len(notes))
    return found


def frame_troubles(notes: FrameNotes, image: LabeledImage) -> Iterator[str]:
    """What is wrong with the notes about one image, sentence by sentence, without the full stop."""
    labels = image.class_map
    yield from _outside(notes, labels.shape)
    masks: dict[str, NDArray[np.bool_]] = {}
    for thing in notes.things:
        masks[thing.k] = mask = thing_mask(thing, labels)
        label = LABELLED_AS.get(thing.class_name, thing.class_name)
        if np.count_nonzero(mask) < MIN_THING_PX:
            yield f"thing '{thing.k}' has no pixels of '{label}' at {_place(thing.at)}"
    yield from _noted_twice(masks)
    for area in notes.areas:
        inside = polygon_mask(area.poly, labels.shape)
        of_label = int(np.count_nonzero(inside & (labels == BY_NAME[area.label].id)))
        share = of_label / max(1, int(np.count_nonzero(inside)))
        if not area_mask(area, labels).any():
            yield f"area '{area.k}' is empty"
        elif share < LEAST_OF_LABEL and area.label != "void":
            yield f"area '{area.k}' is off its label: {share:.0%} of it is '{area.label}'"
    for drive in notes.go:
        inside = polygon_mask(drive.poly, labels.shape)
        drivable = np.isin(labels, [BY_NAME[name].id for name in _DRIVABLE])
        if not inside.any():
            yield f"the region of '{drive.text}' is empty"
        elif (share := np.count_nonzero(inside & drivable) / np.count_nonzero(inside)) < _MOSTLY:
            yield f"the region of '{drive.text}' is off the road: {share:.0%} of it is road"
    yield from _lost(notes, image)


def _noted_twice(masks: Mapping[str, NDArray[np.bool_]]) -> Iterator[str]:
    keys = [key for key, mask in masks.items() if mask.any()]
    for place, one in enumerate(keys):
        for other in keys[place + 1 :]:
            smaller = min(np.count_nonzero(masks[one]), np.count_nonzero(masks[other]))
            if np.count_nonzero(masks[one] & masks[other]) > _SAME * smaller:
                yield f"things '{one}' and '{other}' are the same pixels"


def _lost(notes: FrameNotes, image: LabeledImage) -> Iterator[str]:
    """Sentences that no longer have anything to mean once the things are laid over each other."""
    kept = {saying.text for saying in apply_notes(image, notes).sayings}
    for saying in notes.say:
        if saying.text not in kept:
            yield f"'{saying.text}' names {' and '.join(repr(key) for key in saying.keys)}, of which nothing is seen"


def _outside(notes: FrameNotes, shape: tuple[int, ...]) -> Iterator[str]:
    height, width = shape
    points = {f"thing '{note.k}'": _points(note.at) for note in notes.things}
    points |= {f"area '{note.k}'": list(note.poly) for note in notes.areas}
    points |= {f"the region of '{note.text}'": list(note.poly) for note in notes.go}
    for name, corners in points.items():
        if any(not (0 <= x <= width and 0 <= y <= height) for x, y in corners):
            yield f"{name} lies outside the picture of {width}x{height}"


def _points(at: Sequence[float] | Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Pixels, a pixel or a box as points."""
    flat = [value for part in at for value in (part if isinstance(part, tuple) else (part,))]
    return list(zip(flat[::2], flat[1::2], strict=True))


def _place(at: Sequence[float] | Sequence[tuple[float, float]]) -> str:
    return ", ".join(f"({x:g}, {y:g})" for x, y in _points(at))
