"""Notes put onto a labelled image: things told apart, named and dressed, and what people said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.colours import COLOURS
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.notes.read import AreaNote, FrameNotes, ThingNote
from ris_ros.data.pictures import Pictures
from ris_ros.data.saying import Saying
from ris_ros.types import Target

# The class under which a label map hides the finer one.
LABELLED_AS: dict[str, str] = {"van": "car", "truck": "car", "bus": "car", "traffic light": "sign", "cone": "pole"}
MIN_THING_PX = 12
_MIN_LEFT_OVER_PX = 40
# Left-overs of a label beyond this share mean that somebody overlooked a thing, whose kind is then not known.
_MAX_LEFT_OVER = 0.1
_COLOUR_WORDS = {"gray": "grey", "gold": "beige", "maroon": "red", "cream": "beige", "navy": "blue", "tan": "beige"}
LEAST_OF_LABEL = 0.3


class NotedImages(Pictures):
    """The images of a source that notes were written about, with the notes applied.

    Args:
        images: The source.
        notes: Notes by frame name.
    """

    def __init__(self, images: Pictures, notes: dict[str, FrameNotes]) -> None:
        self._images = images
        self._chosen = [(index, notes[frame]) for index, frame in enumerate(images.frames) if frame in notes]

    @property
    def frames(self) -> list[str]:
        """Names of the frames that notes were written about, in order."""
        return [notes.frame for _, notes in self._chosen]

    def read(self, index: int) -> LabeledImage:
        """Image ``index`` with its notes."""
        where, notes = self._chosen[index]
        return apply_notes(self._images[where], notes)


def apply_notes(image: LabeledImage, notes: FrameNotes) -> LabeledImage:
    """Put notes onto the image that they were written about.

    Args:
        image: Its class map tells the labels apart that the notes were written over.
        notes: About this image.

    Returns:
        The image with the noted instances, finer classes in its class map, its sayings, and wider ``known_classes``
        where nothing of a label was left unsaid.
    """
    labels = image.class_map
    instance_map = np.zeros_like(image.instance_map)
    class_map = labels.copy()
    instances: dict[int, InstanceInfo] = {}
    keys: dict[str, int] = {}
    masks = {note.k: thing_mask(note, labels) for note in notes.things}
    # The nearer thing stands lower in the picture and hides the others where boxes overlap.
    for note in sorted(notes.things, key=lambda note: _foot_row(masks[note.k])):
        mask = masks[note.k]
        if np.count_nonzero(mask) < MIN_THING_PX:
            continue
        key = len(instances) + 1
        keys[note.k] = key
        instance_map[mask] = key
        class_map[mask] = BY_NAME[note.class_name].id
        instances[key] = _info(note)
    finer: set[str] = set()
    for label in ("car", "sign"):
        labelled = np.count_nonzero(labels == BY_NAME[label].id)
        unsaid = np.count_nonzero((labels == BY_NAME[label].id) & (instance_map == 0))
        if unsaid <= _MAX_LEFT_OVER * labelled:
            finer |= {name for name, hidden in LABELLED_AS.items() if hidden == label}
    _keep_the_unsaid(image, instance_map, instances)
    areas = {note.k: area_mask(note, labels) for note in notes.areas}
    return replace(
        image,
        class_map=class_map,
        instance_map=instance_map,
        instances=instances,
        known_classes=image.known_classes | finer,
        sayings=tuple(_sayings(notes, keys, areas, labels.shape)),
    )


def _sayings(
    notes: FrameNotes, keys: dict[str, int], areas: dict[str, NDArray[np.bool_]], shape: tuple[int, ...]
) -> list[Saying]:
    def named(wanted: tuple[str, ...]) -> tuple[tuple[int, ...], NDArray[np.bool_] | None] | None:
        if any(key not in keys and (key not in areas or not areas[key].any()) for key in wanted):
            return None
        masks = [areas[key] for key in wanted if key in areas]
        mask = np.logical_or.reduce(masks) if masks else None
        return tuple(keys[key] for key in wanted if key in keys), mask

    sayings = []
    for note in notes.say:
        found = named(note.keys)
        if found is not None:
            things, mask = found
            kind = "said_area" if mask is not None else "said_thing" if len(things) == 1 else "said_group"
            sayings.append(Saying(note.text, kind, Target.OBJECT, keys=things, object_mask=mask))
    for text in notes.absent:
        sayings.append(Saying(text, "said_absent", Target.OBJECT, exists=False))
    for drive in notes.go:
        things, mask = named(drive.keys) or ((), None)
        region = polygon_mask(drive.poly, shape)
        sayings.append(
            Saying(drive.text, "said_region", Target.REGION, keys=things, object_mask=mask, region_mask=region)
        )
    return sayings


def _info(note: ThingNote) -> InstanceInfo:
    colour = None
    if note.colour is not None:
        plain = _COLOUR_WORDS.get(note.colour, note.colour)
        colour = plain if plain in COLOURS else None
    attributes = [*note.phrases]
    if note.noun is not None and note.noun != note.class_name:
        attributes.append(f"noun:{note.noun}")
    if note.n > 1:
        attributes.append(f"count:{note.n}")
    return InstanceInfo(note.class_name, colour=colour, attributes=tuple(attributes), merged=note.n > 1)


def _keep_the_unsaid(image: LabeledImage, instance_map: NDArray[np.int32], instances: dict[int, InstanceInfo]) -> None:
    """Things that nobody noted stay what the label map says, as far as they are large enough to be seen."""
    left = np.where(instance_map == 0, image.instance_map, 0)
    for old, area in zip(*np.unique(left, return_counts=True), strict=True):
        if old == 0 or area < _MIN_LEFT_OVER_PX:
            continue
        key = len(instances) + 1
        info = image.instances[int(old)]
        whole = int(np.count_nonzero(image.instance_map == old)) == int(area)
        instances[key] = info if whole else InstanceInfo(info.class_name, merged=True)
        instance_map[left == old] = key


def thing_mask(note: ThingNote, labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """bool [H, W] of a thing, out of the class map uint8 [H, W] that its note was written over."""
    labelled = np.equal(labels, BY_NAME[LABELLED_AS.get(note.class_name, note.class_name)].id)
    if _is_box(note.at):
        x0, y0, x1, y1 = (max(0, round(edge)) for edge in note.at)  # type: ignore[arg-type]
        mask = np.zeros(labels.shape, np.bool_)
        mask[y0:y1, x0:x1] = labelled[y0:y1, x0:x1]
        return mask
    points = note.at if isinstance(note.at[0], tuple) else (note.at,)
    _, components = cv2.connectedComponents(labelled.view(np.uint8), connectivity=8)
    height, width = labels.shape
    chosen = {int(components[min(int(y), height - 1), min(int(x), width - 1)]) for x, y in points}  # type: ignore[misc]
    return np.asarray(np.isin(components, sorted(chosen - {0})), np.bool_)


def _is_box(at: object) -> bool:
    return isinstance(at, tuple) and len(at) == 4 and not isinstance(at[0], tuple)


def area_mask(note: AreaNote, labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """bool [H, W] of an area: its polygon's pixels of the label, or where they are few all but the things in front."""
    inside = polygon_mask(note.poly, labels.shape)
    of_label = inside & np.equal(labels, BY_NAME[note.label].id)
    if np.count_nonzero(of_label) >= LEAST_OF_LABEL * np.count_nonzero(inside):
        return np.asarray(of_label, np.bool_)
    # The label map calls it something else (a bus shelter under "fence"): all but the things in front.
    things = np.isin(labels, [c.id for c in BY_NAME.values() if c.thing])
    return np.asarray(inside & ~things, np.bool_)


def polygon_mask(polygon: Sequence[tuple[float, float]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """bool [H, W] of a polygon; what lies outside the picture is cut off."""
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [np.rint(np.asarray(polygon)).astype(np.int32)], 1)
    return np.asarray(canvas, np.bool_)


def _foot_row(mask: NDArray[np.bool_]) -> int:
    rows = np.flatnonzero(mask.any(axis=1))
    return int(rows[-1]) if len(rows) else -1
