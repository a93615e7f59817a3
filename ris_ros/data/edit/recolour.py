"""Paint a vehicle, or dress a person, in another named colour: counterfactual pictures on real textures.

"The red car" and "the blue car" of two pictures that differ in nothing else leave the colour as the only thing to learn
from. Every pixel outside the instance stays as it is, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.colours import COLOURS, body_colour, clothes_colour, colours_differ
from ris_ros.data.edit.phrases import bystander, colours_named, dressed_in, painted
from ris_ros.data.edit.sayings import after_recolouring
from ris_ros.data.edit.surfaces import paint, upper_garment
from ris_ros.data.edit.tone import repaint
from ris_ros.data.instances import road_brightness
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage

VEHICLES = frozenset({"car", "van", "truck", "bus"})
PEOPLE = frozenset({"pedestrian", "bicyclist"})
_MIN_HEIGHT_PX: Mapping[str, int] = MappingProxyType(
    {**dict.fromkeys(sorted(VEHICLES), 22), **dict.fromkeys(sorted(PEOPLE), 36)}
)
_MIN_AREA_PX = 320
# On a road darker than this nobody tells colours with certainty.
_DUSK = 42.0
# What streets show, bent towards what language names: greys are seldom mentioned, and mostly to be learnt from.
_PAINT_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "white": 4,
        "black": 4,
        "silver": 2.5,
        "grey": 1.5,
        "red": 4.5,
        "blue": 4.5,
        "green": 2.5,
        "yellow": 2.5,
        "orange": 1,
    }
)
_CLOTHES_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"white": 4, "black": 3, "grey": 1.5, "red": 4.5, "blue": 4.5, "green": 2.5, "yellow": 2.5, "pink": 1.2,
     "orange": 1.2, "purple": 0.8, "brown": 0.8}
)  # fmt: skip


def recolour(image: LabeledImage, key: int, colour: str, rng: np.random.Generator) -> LabeledImage | None:
    """Give a vehicle's paint, or a person's upper garment, another colour.

    The rest of the instance (windows, tyres, lamps; face, hands, trousers) keeps its own, and what is known of the
    instance follows. The result is checked with the same eyes that read colours off real pictures.

    Args:
        image: The picture.
        key: Instance in it.
        colour: Word of :data:`ris_ros.data.colours.COLOURS`.
        rng: Source of chance for the shade.

    Returns:
        The edited picture; None where the instance is no vehicle or person, is merged or too small, has that colour
        already, has no surface of one colour that could be found, or came out in a colour with another name.

    Raises:
        ValueError: ``colour`` is unknown, or the picture has no such instance.
    """
    if colour not in COLOURS:
        raise ValueError(f"colour must be one of {', '.join(COLOURS)}, not {colour}")
    if key not in image.instances:
        raise ValueError(f"the picture has no instance {key}")
    info = image.instances[key]
    truth = _told(info, colour)
    if truth is None:
        return None
    mask = image.instance_map == key
    if np.count_nonzero(mask) < _MIN_AREA_PX:
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    window = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    if window[0].stop - window[0].start < _MIN_HEIGHT_PX[info.class_name]:
        return None
    light = _light(image)
    brightness = float(light.max())
    if brightness < _DUSK:
        return None
    crop, inside = image.image_rgb[window], mask[window]
    vehicle = info.class_name in VEHICLES
    weight = paint(crop, inside, brightness) if vehicle else upper_garment(crop, inside, info.class_name == "bicyclist")
    if weight is None:
        return None
    changed = weight > 0.02
    before = crop[changed]
    share = weight[changed]
    after = repaint(before, share, colour, light, rng)
    edited = crop.copy()
    edited[changed] = np.rint(before + (after - before) * share[:, None]).astype(np.uint8)
    judge = body_colour if vehicle else clothes_colour
    seen = judge(edited, inside, road_brightness(image.image_rgb, np.equal(image.class_map, BY_NAME["road"].id)))
    if seen is not None and colours_differ(seen, colour):
        return None
    picture = image.image_rgb.copy()
    picture[window] = edited
    instances = {
        other: truth if other == key else replace(known, attributes=bystander(known.attributes, info.colour, colour))
        for other, known in image.instances.items()
    }
    return replace(
        image,
        image_rgb=picture,
        instances=MappingProxyType(instances),
        sayings=after_recolouring(image.sayings, key, info.colour, colour, dressed=not vehicle),
    )


def draw_colour(info: InstanceInfo, rng: np.random.Generator) -> str:
    """A colour for a vehicle or a person, other than its present one where that is known."""
    weights = _PAINT_WEIGHTS if info.class_name in VEHICLES else _CLOTHES_WEIGHTS
    present = {info.colour} if info.colour else {m["word"] for words in info.attributes for m in colours_named(words)}
    names = [name for name in weights if all(word not in COLOURS or colours_differ(word, name) for word in present)]
    if not names:
        return str(rng.choice(list(weights)))
    edges = np.cumsum([weights[name] for name in names])
    return names[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]


def _told(info: InstanceInfo, colour: str) -> InstanceInfo | None:
    """What is known after the edit; None where it may not be made."""
    if info.merged or info.class_name not in _MIN_HEIGHT_PX or info.colour == colour:
        return None
    if info.class_name in VEHICLES:
        attributes = painted(info.attributes, info.colour, colour)
        return None if attributes is None else replace(info, colour=colour, attributes=attributes)
    attributes = dressed_in(info.attributes, colour)
    return None if attributes is None else replace(info, attributes=attributes)


def _light(image: LabeledImage) -> NDArray[np.float32]:
    """How the road looks, float32 [3]: median of each channel."""
    sample = image.image_rgb[::4, ::4][image.class_map[::4, ::4] == BY_NAME["road"].id]
    return np.asarray(np.median(sample, axis=0) if len(sample) else (90.0, 90.0, 90.0), np.float32)
