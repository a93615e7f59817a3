"""Notes that people wrote about frames, read from JSON Lines: one frame a line, refused by line number.

A line holds ``frame`` (the picture's name without ending) and, each optional:

* ``things``: ``k`` (its key in this line), ``at`` (``[x, y]``: the connected component of the label map under that
  pixel; ``[[x, y], ...]``: several components that are one thing; ``[x0, y0, x1, y1]``: the label's pixels in that box,
  for one of several things that touch), ``class``, and if known ``noun``, ``colour``, ``n`` (how many it is, 1 if not
  said) and ``is`` (phrases that are true of it and may follow its noun);
* ``areas``: ``k``, ``poly`` (``[[x, y], ...]``), ``label`` (the class of the pixels that count), ``noun``, ``is``;
* ``say``: ``[text, key or keys]``, sentences that fit exactly those things and areas;
* ``not``: sentences that fit nothing in the frame;
* ``go``: ``[text, polygon]`` or ``[text, polygon, key or keys]``, where to drive.

Coordinates are pixels of the picture, x to the right and y down, from its upper left corner.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ris_ros.data.classes import BY_NAME
from ris_ros.errors import DataError

Pixel = tuple[float, float]
Box = tuple[float, float, float, float]
Polygon = Annotated[tuple[Pixel, ...], Field(min_length=3)]


class _Note(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThingNote(_Note):
    """A countable thing."""

    k: str
    at: Box | Pixel | tuple[Pixel, ...]
    class_name: str = Field(alias="class")
    noun: str | None = None
    colour: str | None = None
    n: int = Field(1, ge=1)
    phrases: tuple[str, ...] = Field((), alias="is")

    @field_validator("class_name")
    @classmethod
    def _is_a_thing(cls, name: str) -> str:
        if name not in BY_NAME or not BY_NAME[name].thing:
            raise ValueError(f"'{name}' is no class of things")
        return name


class AreaNote(_Note):
    """A named part of something that is not counted."""

    k: str
    poly: Polygon
    label: str
    noun: str | None = None
    phrases: tuple[str, ...] = Field((), alias="is")

    @field_validator("label")
    @classmethod
    def _is_a_class(cls, name: str) -> str:
        if name not in BY_NAME:
            raise ValueError(f"'{name}' is no class")
        return name


class SayingNote(_Note):
    """A sentence and what it names."""

    text: str = Field(min_length=1)
    keys: tuple[str, ...]


class DriveNote(_Note):
    """A command and where it sends the car."""

    text: str = Field(min_length=1)
    poly: Polygon
    keys: tuple[str, ...] = ()


class FrameNotes(_Note):
    """Everything that was written about one frame."""

    frame: str
    things: tuple[ThingNote, ...] = ()
    areas: tuple[AreaNote, ...] = ()
    say: tuple[SayingNote, ...] = ()
    absent: tuple[str, ...] = Field((), alias="not")
    go: tuple[DriveNote, ...] = ()

    @field_validator("say", mode="before")
    @classmethod
    def _named(cls, rows: Any) -> Any:
        return [{"text": row[0], "keys": _keys(row[1])} for row in rows]

    @field_validator("go", mode="before")
    @classmethod
    def _sent(cls, rows: Any) -> Any:
        return [{"text": row[0], "poly": row[1], "keys": _keys(row[2]) if len(row) > 2 else ()} for row in rows]

    @model_validator(mode="after")
    def _keys_are_known(self) -> FrameNotes:
        known = [thing.k for thing in self.things] + [area.k for area in self.areas]
        if len(set(known)) < len(known):
            raise ValueError("two things or areas share a key")
        for saying in self._sentences():
            strange = sorted(set(saying.keys) - set(known))
            if strange:
                raise ValueError(f"'{saying.text}' names {strange[0]}, which is no thing or area of this line")
        return self

    def _sentences(self) -> list[SayingNote | DriveNote]:
        return [*self.say, *self.go]


def _keys(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def read_notes(path: Path) -> dict[str, FrameNotes]:
    """Read a file of notes.

    Returns:
        Notes by frame name.

    Raises:
        DataError: The file is not there, or a line is not what it should be.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): give a file of notes.") from None
    notes: dict[str, FrameNotes] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            note = FrameNotes.model_validate(json.loads(line))
        except (json.JSONDecodeError, ValidationError, IndexError, TypeError, KeyError) as error:
            raise DataError(f"{path}, line {number}: {_why(error)}.") from None
        if note.frame in notes:
            raise DataError(f"{path}, line {number}: frame '{note.frame}' was described before.")
        notes[note.frame] = note
    return notes


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where or 'the line'}: {first['msg']}"
    return f"is not a line of notes ({type(error).__name__})"
