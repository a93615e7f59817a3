"""What a run of an evaluation leaves for figures and comparisons: one line per sentence and per class check."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ris_ros.data.output_file import write_whole
from ris_ros.errors import DataError
from ris_ros.evaluation.score import Score
from ris_ros.evaluation.semantic import ClassScore

SCORES_FILE = "scores.jsonl"
CLASSES_FILE = "classes.jsonl"
_SCORE: TypeAdapter[Score] = TypeAdapter(Score)
_CLASS_SCORE: TypeAdapter[ClassScore] = TypeAdapter(ClassScore)


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything that figures are made of.

    Attributes:
        scores: One per sentence, image by image in the order of the source.
        classes: The semantic check, one per image and class.
    """

    scores: tuple[Score, ...]
    classes: tuple[ClassScore, ...]

    @property
    def image_ids(self) -> list[str]:
        """The images, each once, in the order of the source."""
        asked = dict.fromkeys(scored.image_id for scored in self.classes)
        return list(asked | dict.fromkeys(scored.image_id for scored in self.scores))

    def write(self, folder: Path) -> None:
        """Write ``scores.jsonl`` and ``classes.jsonl``.

        Raises:
            OutputError: They cannot be written there.
        """
        write_whole(folder / SCORES_FILE, b"".join(_SCORE.dump_json(s) + b"\n" for s in self.scores))
        write_whole(folder / CLASSES_FILE, b"".join(_CLASS_SCORE.dump_json(s) + b"\n" for s in self.classes))

    @classmethod
    def read(cls, folder: Path) -> Results:
        """Read what :meth:`write` wrote.

        Raises:
            DataError: A file is missing, or a line is not what ``ris eval`` writes.
        """
        return cls(_read(folder / SCORES_FILE, _SCORE), _read(folder / CLASSES_FILE, _CLASS_SCORE))


def _read(path: Path, adapter: TypeAdapter[Any]) -> tuple[Any, ...]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}): keep it beside metrics.json, where ris eval wrote it."
        ) from None
    read = []
    for number, line in enumerate(lines, start=1):
        try:
            read.append(adapter.validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DataError(
                f"{path}, line {number}: {where} {first['msg']}: write it again with this version's ris eval."
            ) from None
    return tuple(read)
