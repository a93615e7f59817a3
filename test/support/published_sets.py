"""Tiny data sets in the formats that the published ones come in, written by code; nothing of them is real."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

HEIGHT, WIDTH = 40, 60


def box(x0: int, y0: int, x1: int, y1: int, size: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    """A mask bool [H, W] of a rectangle, ends exclusive."""
    mask = np.zeros(size, np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask


def runs(mask: np.ndarray) -> list[int]:
    """COCO's run lengths: down the columns, zeros first."""
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    lengths = np.diff([0, *edges, flat.size]).tolist()
    return [0, *lengths] if flat[0] else lengths


def runs_as_text(lengths: Sequence[int]) -> str:
    """COCO's text form of run lengths, written after the description of the format, not after any code."""
    text = ""
    for place, length in enumerate(lengths):
        value = length - lengths[place - 2] if place > 2 else length
        while True:
            group = value & 31
            value >>= 5
            done = value == (-1 if group & 16 else 0)
            text += chr(48 + group + (0 if done else 32))
            if done:
                break
    return text


def python2_pickle(value: Any) -> bytes:
    """A pickle as Python 2 wrote it by default (protocol 0), byte strings and all."""
    return _opcodes(value).encode("latin1") + b"."


def _opcodes(value: Any) -> str:
    if isinstance(value, bool):
        return f"I0{int(value)}\n"
    if isinstance(value, int):
        return f"I{value}\n"
    if isinstance(value, float):
        return f"F{value!r}\n"
    if isinstance(value, bytes):
        return f"S{repr(value)[1:]}\n"
    if isinstance(value, str):
        return f"V{value}\n"
    if isinstance(value, Mapping):
        return "(d" + "".join(f"{_opcodes(key)}{_opcodes(item)}s" for key, item in value.items())
    return "(l" + "".join(f"{_opcodes(item)}a" for item in value)


def write_picture(
    path: Path, size: tuple[int, int] = (HEIGHT, WIDTH), rgb: tuple[int, int, int] = (90, 90, 90)
) -> None:
    """A picture of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((*size, 3), rgb[::-1], np.uint8))


def write_map(path: Path, values: np.ndarray) -> None:
    """A PNG of these values: 8 or 16 bits, one channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values)


def write_panoptic_map(path: Path, segment_map: np.ndarray) -> None:
    """A PNG of segments as COCO stores them: red + 256 green + 65536 blue."""
    rgb = np.stack([segment_map & 255, segment_map >> 8 & 255, segment_map >> 16], axis=-1).astype(np.uint8)
    write_map(path, rgb[..., ::-1])


def write_json(path: Path, content: Any) -> None:
    """A JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def annotation(number: int, image_id: int, segmentation: Any) -> dict[str, Any]:
    """A record of ``annotations`` in an ``instances.json``."""
    return {
        "id": number,
        "image_id": image_id,
        "category_id": 3,
        "iscrowd": 0,
        "area": 100.0,
        "bbox": [0, 0, 10, 10],
        "segmentation": segmentation,
    }


def reference(
    number: int, image_id: int, ann_id: int | list[int], split: str, sentences: Sequence[str | dict[str, Any]]
) -> dict[str, Any]:
    """A record of ``refs(...).p``; strings in it are byte strings, as Python 2 pickled them."""
    lines = [{"sent": line} if isinstance(line, str) else line for line in sentences]
    return {
        "ref_id": number,
        "ann_id": ann_id,
        "image_id": image_id,
        "category_id": 3,
        "split": split,
        "file_name": f"COCO_train2014_{image_id:012d}_{number}.jpg",
        "sent_ids": list(range(len(lines))),
        "sentences": [
            {"tokens": line["sent"].split(), "raw": line["sent"].upper(), "sent_id": place, **line}
            for place, line in enumerate(lines)
        ],
    }


def as_bytes(value: Any) -> Any:
    """The same with byte strings in place of strings."""
    if isinstance(value, str):
        return value.encode("latin1")
    if isinstance(value, Mapping):
        return {as_bytes(key): as_bytes(item) for key, item in value.items()}
    return [as_bytes(item) for item in value] if isinstance(value, list) else value


def write_refer_set(
    root: Path,
    folder: str,
    refs_name: str,
    references: Sequence[dict[str, Any]],
    annotations: Sequence[dict[str, Any]],
    images: str = "images/mscoco/images/train2014",
) -> None:
    """A set in the layout of the ``refer`` toolbox, with a grey picture for every image that is spoken of."""
    ids = sorted({record["image_id"] for record in references})
    names = {number: f"COCO_train2014_{number:012d}.jpg" for number in ids}
    pictures = [{"id": number, "file_name": names[number], "height": HEIGHT, "width": WIDTH} for number in ids]
    content = {"images": pictures, "annotations": list(annotations), "categories": [{"id": 3, "name": "car"}]}
    write_json(root / folder / "instances.json", content)
    if refs_name.endswith(".p"):
        (root / folder / refs_name).write_bytes(python2_pickle(as_bytes(list(references))))
    else:
        write_json(root / folder / refs_name, list(references))
    for name in names.values():
        write_picture(root / images / name)


def nuimages_mask(mask: np.ndarray) -> dict[str, Any]:
    """A mask as nuImages stores it: the text form of run lengths in base 64."""
    text = base64.b64encode(runs_as_text(runs(mask)).encode("ascii")).decode("ascii")
    return {"size": [mask.shape[0], mask.shape[1]], "counts": text}
