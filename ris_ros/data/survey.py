"""What a source holds: images, instances, sentences and pixels counted, and everything odd by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ris_ros.data.classes import CLASSES, VOID
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.saying import expression_of
from ris_ros.errors import DataError


@dataclass(slots=True)
class Survey:
    """Counts over the images of a source.

    Attributes:
        images: Images looked at, damaged ones included.
        sizes_px: "WxH" -> images of that size.
        instances: Class -> instances.
        merged: Class -> instances that may be several things.
        coloured: Class -> instances whose colour is known.
        sentences: Kind -> sentences that people said.
        pixels: Class -> pixels.
        problems: Sentences about what is missing, damaged or odd, each with the name of its image or file.
    """

    images: int = 0
    sizes_px: Counter[str] = field(default_factory=Counter)
    instances: Counter[str] = field(default_factory=Counter)
    merged: Counter[str] = field(default_factory=Counter)
    coloured: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    pixels: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def add(self, image: LabeledImage) -> None:
        """Count one image."""
        height, width = image.class_map.shape
        self.sizes_px[f"{width}x{height}"] += 1
        counts = np.bincount(image.class_map.ravel(), minlength=len(CLASSES)).tolist()
        self.pixels.update({c.name: counts[c.id] for c in CLASSES if counts[c.id]})
        for info in image.instances.values():
            self.instances[info.class_name] += 1
            self.merged[info.class_name] += info.merged
            self.coloured[info.class_name] += info.colour is not None
        self.sentences.update(saying.kind for saying in image.sayings)
        self.problems += [f"{image.id}: {trouble}." for trouble in _troubles(image)]

    def as_json(self) -> dict[str, Any]:
        """Everything, with shares of pixels in place of their numbers."""
        total = max(1, sum(self.pixels.values()))
        return {
            "images": self.images,
            "sizes_px": dict(self.sizes_px.most_common()),
            "instances": {
                name: {"count": count, "merged": self.merged[name], "colour_known": self.coloured[name]}
                for name, count in self.instances.most_common()
            },
            "sentences": dict(self.sentences.most_common()),
            "pixel_share": {name: round(count / total, 5) for name, count in self.pixels.most_common()},
            "problems": self.problems,
        }


def survey(
    images: Sequence[LabeledImage],
    most_images: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Survey:
    """Open the images of a source and count what is in them; damaged ones become problems.

    Args:
        images: The source.
        most_images: Look at so many at most, evenly spread.
        progress: Called with (images done, images in all).
    """
    found = Survey()
    places = spread(len(images), most_images)
    for done, place in enumerate(places, start=1):
        found.images += 1
        try:
            found.add(images[place])
        except DataError as error:
            found.problems.append(str(error))
        progress(done, len(places))
    if not places:
        found.problems.append("This part of the source holds no image.")
    return found


def spread(total: int, most: int | None) -> list[int]:
    """Up to ``most`` of the numbers below ``total``, evenly spread, in order; all of them without a limit."""
    if most is None or most >= total:
        return list(range(total))
    return sorted({round(place) for place in np.linspace(0, total - 1, most).tolist()})


def _troubles(image: LabeledImage) -> Iterator[str]:
    keys = set(np.unique(image.instance_map).tolist()) - {0}
    unknown, unseen = sorted(keys - set(image.instances)), sorted(set(image.instances) - keys)
    if unknown:
        yield f"instance {unknown[0]} is on the map and nothing is known of it"
    if unseen:
        yield f"instance {unseen[0]} ({image.instances[unseen[0]].class_name}) has no pixel"
    if not image.sayings and (image.class_map == VOID).all():
        yield "nothing is labelled in it and nobody said anything about it"
    for saying in image.sayings:
        lost = sorted(set(saying.keys) - keys)
        if lost:
            yield f"'{saying.text}' names instance {lost[0]}, which has no pixel"
            continue
        expression = expression_of(saying, image)
        for mask in (expression.object_mask, expression.region_mask):
            if mask is not None and mask.shape != image.class_map.shape:
                yield f"the mask of '{saying.text}' has another size than the picture"
            elif mask is not None and saying.exists and not mask.any():
                yield f"the mask of '{saying.text}' is empty"
        if saying.exists and expression.object_mask is None and expression.region_mask is None:
            yield f"'{saying.text}' has no mask"
