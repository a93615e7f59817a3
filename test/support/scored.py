"""Scores and answers made to measure."""

from __future__ import annotations

from typing import Any

import numpy as np

from ris_ros.evaluation.overlap import Overlap
from ris_ros.evaluation.score import Match, Score
from ris_ros.types import MaskAnswer

IMAGE_PX = 10_000


def match(intersection_px: int = 50, union_px: int = 100, **changes: Any) -> Match:
    """An answer to a truth of 80 pixels, its boundary scoring half of what its mask does."""
    values: dict[str, Any] = {
        "truth_key": "truth",
        "truth_px": 80,
        "image_px": IMAGE_PX,
        "overlap": Overlap(intersection_px, union_px),
        "truth_boundary_px": 40,
        "boundary": Overlap(intersection_px // 2, union_px),
        "rank": 0,
        "prior_hit": False,
    }
    return Match(**(values | changes))


def scored(image_id: str = "a", place: Match | None = None, **changes: Any) -> Score:
    """A sentence about a thing that is there if ``place`` is given, found with an existence of 0.9."""
    values: dict[str, Any] = {
        "image_id": image_id,
        "text": "the red car",
        "kind": "said_thing",
        "wording": "said",
        "target": "object",
        "auto_target": "object",
        "exists": place is not None,
        "found": True,
        "existence": 0.9,
        "predicted_px": 70,
        "road_share": None,
        "match": place,
    }
    return Score(**(values | changes))


def mask_answer(
    mask: np.ndarray, confidence: np.ndarray | None = None, peak_xy: tuple[int, int] | None = None
) -> MaskAnswer:
    """An answer that holds ``mask``; by default believed wholly in it and not at all elsewhere."""
    if confidence is None:
        confidence = mask.astype(np.uint8) * 255
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return MaskAnswer(confidence, mask, (0, 0, 0, 0), peak_xy or (0, 0), 0.0)
    x, y = int(columns.min()), int(rows.min())
    roi = (x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1)
    return MaskAnswer(confidence, mask, roi, peak_xy or (int(columns[0]), int(rows[0])), 1.0)
