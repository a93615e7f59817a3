"""CamVid: 468 labelled driving frames of 480x360 (Brostow et al., 2009), in the 11-class form of SegNet."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ris_ros.data.classes import CLASSES, VOID
from ris_ros.data.instances import find_instances
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.origins import ORIGINS
from ris_ros.data.pictures import Pictures
from ris_ros.errors import DataError

# Labels 0..11 are the first twelve street classes, in order. "car" holds vans, lorries and buses too, "bicyclist"
# motorcycles, "pedestrian" prams and animals, "sign" traffic lights, "pole" cones: no label tells these apart.
KNOWN_CLASSES: frozenset[str] = frozenset(c.name for c in CLASSES[:VOID])
MIN_INSTANCE_PX: int = 40
_ORIGIN = ORIGINS["camvid"]


class CamVid(Pictures):
    """One split, read from disk frame by frame.

    Args:
        root: Folder that holds ``train`` and ``val``.
        split: ``"train"`` or ``"val"``.

    Raises:
        DataError: The folder is missing, empty, or an image has no label.
    """

    def __init__(self, root: Path, split: str) -> None:
        images = Path(root) / split / "images"
        labels = Path(root) / split / "labels"
        if not images.is_dir() or not labels.is_dir():
            raise _ORIGIN.missing(Path(root) / split)
        self.split = split
        self._files = [
            (path, labels / f"{path.stem}.png") for path in sorted(images.iterdir()) if path.suffix in {".jpg", ".png"}
        ]
        if not self._files:
            raise _ORIGIN.missing(images / "*.jpg")
        for _, label in self._files:
            if not label.is_file():
                raise _ORIGIN.missing(label)

    @property
    def frames(self) -> list[str]:
        """Names of the frames, in order."""
        return [image.stem for image, _ in self._files]

    def read(self, index: int) -> LabeledImage:
        """Frame ``index``, its instances found anew (about 10 ms)."""
        image_path, label_path = self._files[index]
        bgr = cv2.imread(str(image_path), cv2.IMREAD_COLOR)
        class_map = cv2.imread(str(label_path), cv2.IMREAD_UNCHANGED)
        if bgr is None or class_map is None:
            raise DataError(f"{image_path if bgr is None else label_path}: is not a picture: copy it again.")
        if (
            class_map.dtype != np.uint8
            or class_map.ndim != 2
            or class_map.shape != bgr.shape[:2]
            or int(class_map.max()) > VOID
        ):
            raise DataError(f"{label_path}: must be an 8-bit map of 0..{VOID}, as large as its image.")
        image_rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        instance_map, instances = find_instances(image_rgb, class_map, MIN_INSTANCE_PX)
        return LabeledImage(
            id=f"camvid/{self.split}/{image_path.stem}",
            image_rgb=np.asarray(image_rgb, np.uint8),
            class_map=np.asarray(class_map, np.uint8),
            instance_map=instance_map,
            instances=instances,
            known_classes=KNOWN_CLASSES,
        )
