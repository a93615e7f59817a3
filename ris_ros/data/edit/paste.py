"""Put a thing of one picture into another, where it can stand.

Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method for Instance Segmentation" (CVPR 2021), paste
anywhere. Here words are to be said about the result, so the thing stands on road or pavement, as large as the ground
plane makes it there, behind what is nearer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.data.edit.cutout import Cutout, road_light
from ris_ros.data.edit.phrases import joined
from ris_ros.data.edit.sayings import after_pasting
from ris_ros.data.expressions.ground import GroundView
from ris_ros.data.expressions.scene import Scene
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage

_ROAD, _SIDEWALK = BY_NAME["road"].id, BY_NAME["sidewalk"].id
_HANGING = (BY_NAME["sign"].id, BY_NAME["traffic light"].id)
_TRIES = 16
_ENLARGE_UP_TO = 1.2
_SHRINK_DOWN_TO = 0.5
_MIN_HEIGHT_PX = 18
_MIN_VISIBLE_SHARE = 0.65
_MIN_LEFT_PX, _MIN_LEFT_SHARE = 40, 0.15
_BRIGHTER_UP_TO, _DARKER_DOWN_TO = 1.8, 0.45


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A cut-out at its size and place: rows and columns in the picture, and the pixels of it that are seen."""

    window: tuple[slice, slice]
    visible: NDArray[np.bool_]
    foot_y: int


def paste(
    image: LabeledImage,
    thing: Cutout,
    rng: np.random.Generator,
    within_xyxy: tuple[int, int, int, int] | None = None,
) -> LabeledImage | None:
    """Put a thing into a picture.

    Args:
        image: The picture.
        thing: The thing.
        rng: Source of chance for the place.
        within_xyxy: Box (x0, y0, x1, y1), ends exclusive, that the thing has to lie in; None for the whole picture.

    Returns:
        The picture with the thing in its maps and facts, and with what it hides gone from them; None where the light
        differs too much or no place was found.
    """
    light = road_light(image)
    view = GroundView.estimate(Scene(image))
    if light is None or view is None:
        return None
    brighter = float(light.max()) / max(1.0, float(thing.light_rgb.max()))
    if not _DARKER_DOWN_TO <= brighter <= _BRIGHTER_UP_TO:
        return None
    placed = _place(image, thing, view, rng, within_xyxy)
    if placed is None:
        return None
    return _composed(image, thing, placed, light, view)


def _place(
    image: LabeledImage,
    thing: Cutout,
    view: GroundView,
    rng: np.random.Generator,
    within_xyxy: tuple[int, int, int, int] | None,
) -> _Placed | None:
    height, width = image.class_map.shape
    x0, y0, x1, y1 = within_xyxy or (0, 0, width, height)
    tall, wide = thing.inside.shape
    lowest = max(_MIN_HEIGHT_PX, _SHRINK_DOWN_TO * tall) / thing.rise + view.horizon_y
    highest = _ENLARGE_UP_TO * tall / thing.rise + view.horizon_y
    top, bottom = max(y0, int(np.ceil(lowest))), min(y1 - 1, height - 3, int(highest))
    if top >= bottom:
        return None
    walks = thing.info.class_name == "pedestrian"
    ground = image.class_map == _ROAD
    if walks:
        pavement = image.class_map == _SIDEWALK
        seeds = pavement if rng.random() < 0.7 and pavement[top:bottom, x0:x1].any() else ground
        ground = ground | pavement
    else:
        seeds = ground
    rows, columns = np.nonzero(seeds[top:bottom:2, x0:x1:2])
    if not len(rows):
        return None
    for pick in rng.integers(len(rows), size=_TRIES):
        foot, middle = top + 2 * int(rows[pick]), x0 + 2 * int(columns[pick])
        if abs((middle - 0.5 * width) / width - thing.bearing) > (0.5 if walks else 0.28):
            continue
        scale = thing.rise * (foot - view.horizon_y) / tall
        h, w = max(2, round(scale * tall)), max(2, round(scale * wide))
        left, upper = middle - w // 2, foot - h
        if left < x0 or left + w > x1 or upper < y0:
            continue
        strip = ground[foot - 2 : foot + 3, left : left + w]
        if float(strip.mean()) < (0.8 if walks else 0.9):
            continue
        window = (slice(upper, foot), slice(left, left + w))
        visible = _visible(image, thing, window)
        if visible is not None:
            return _Placed(window, visible, foot)
    return None


def _visible(image: LabeledImage, thing: Cutout, window: tuple[slice, slice]) -> NDArray[np.bool_] | None:
    """The pixels of the thing that nothing nearer hides; None where it cannot stand there."""
    foot, h, w = window[0].stop, window[0].stop - window[0].start, window[1].stop - window[1].start
    inside = cv2.resize(thing.inside.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA) > 0.5
    classes, keys = image.class_map[window], image.instance_map[window]
    if np.isin(classes[inside], _HANGING).any() or float((classes[inside] == VOID).mean()) > 0.1:
        return None
    visible = inside & (classes != VOID)
    columns = image.instance_map[:, window[1]]
    for key in np.unique(keys[keys > 0]):
        rows, across = np.nonzero(columns == key)
        lowest = int(rows.max()) + 1
        # Two things cannot stand on one spot.
        if abs(lowest - foot) < 0.14 * h and int(across.max()) - int(across.min()) > 0.15 * w:
            return None
        if lowest > foot:
            visible &= keys != key
    if np.count_nonzero(visible) < _MIN_VISIBLE_SHARE * np.count_nonzero(inside):
        return None
    return np.asarray(visible, np.bool_)


def _composed(
    image: LabeledImage, thing: Cutout, placed: _Placed, light: NDArray[np.float32], view: GroundView
) -> LabeledImage:
    window, visible = placed.window, placed.visible
    key = max((int(image.instance_map.max()), *image.instances)) + 1
    picture, class_map, instance_map = image.image_rgb.copy(), image.class_map.copy(), image.instance_map.copy()
    _cast_shadow(picture, image.class_map, window)
    shown = _lit(thing, visible.shape, light)
    # One pixel of the rim blends, inside the mask: labels are a little generous.
    soft = cv2.GaussianBlur(visible.astype(np.float32), (3, 3), 0.8)[..., None]
    blended = shown * soft + picture[window] * (1.0 - soft)
    picture[window][visible] = np.rint(blended[visible]).astype(np.uint8)
    hidden = [int(k) for k in np.unique(instance_map[window][visible]) if k > 0]
    before = {k: int(np.count_nonzero(image.instance_map == k)) for k in hidden}
    class_map[window][visible] = thing.class_id
    instance_map[window][visible] = key
    instances: dict[int, InstanceInfo] = {}
    shares: dict[int, float] = {}
    for other, info in image.instances.items():
        if other in before:
            left = instance_map == other
            area = int(np.count_nonzero(left))
            shares[other] = area / before[other]
            if area < max(_MIN_LEFT_PX, _MIN_LEFT_SHARE * before[other]):
                instance_map[left] = 0
                continue
        instances[other] = replace(info, attributes=joined(info.attributes))
    measured = any(info.distance_m is not None for info in image.instances.values())
    distance_m = view.distance_m(placed.foot_y) if measured else None
    instances[key] = replace(thing.info, distance_m=distance_m)
    # What the other source calls a car may be a van or a lorry.
    known = image.known_classes & thing.known_classes if thing.info.class_name == "car" else image.known_classes
    return replace(
        image,
        image_rgb=picture,
        class_map=class_map,
        instance_map=instance_map,
        instances=MappingProxyType(instances),
        known_classes=known,
        sayings=after_pasting(image.sayings, thing.info.class_name, instance_map == key, shares, instances),
    )


def _lit(thing: Cutout, shape: tuple[int, ...], light: NDArray[np.float32]) -> NDArray[np.float32]:
    """The thing at its size, float32 [h, w, 3], in most of the light of the picture."""
    shrinking = shape[0] < thing.inside.shape[0]
    drawn = cv2.resize(
        thing.image_rgb, (shape[1], shape[0]), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    ).astype(np.float32)
    gain = np.clip(light / np.maximum(thing.light_rgb, 1.0), 0.4, 2.0) ** np.float32(0.8)
    # A gain above one lifts the dark and the middle; highlights stay below white instead of being cut off.
    power = np.where(gain > 1.0, 1.0 / gain, 1.0)
    lit = np.where(gain > 1.0, 255.0 * (1.0 - (1.0 - drawn / 255.0) ** (1.0 / power)), drawn * gain)
    return np.asarray(lit, np.float32)


def _cast_shadow(picture: NDArray[np.uint8], class_map: NDArray[np.uint8], window: tuple[slice, slice]) -> None:
    """Darken the ground about the foot a little: without it things float."""
    h, w = window[0].stop - window[0].start, window[1].stop - window[1].start
    foot, reach = window[0].stop, max(2, round(0.07 * h))
    rows = slice(max(0, foot - 2 * reach), min(picture.shape[0], foot + reach))
    columns = slice(max(0, window[1].start - reach), min(picture.shape[1], window[1].stop + reach))
    down = (np.arange(rows.start, rows.stop, dtype=np.float32) - (foot - 0.5 * reach)) / (0.8 * reach)
    middle = 0.5 * (window[1].start + window[1].stop)
    across = np.abs(np.arange(columns.start, columns.stop, dtype=np.float32) - middle) / (0.5 * w)
    dark = 0.45 * np.exp(-0.5 * down**2)[:, None] * np.clip((1.15 - across) / 0.3, 0.0, 1.0)[None]
    ground = np.isin(class_map[rows, columns], (_ROAD, _SIDEWALK))
    part = picture[rows, columns]
    part[ground] = (part[ground] * (1.0 - dark[ground])[:, None]).astype(np.uint8)
