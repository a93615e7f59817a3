"""JSON of data sets, checked record by record before anything relies on it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ris_ros.data.origins import Origin
from ris_ros.errors import DataError

T = TypeVar("T")


class Record(BaseModel):
    """A record of a published file: what is not read of it is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def read_json(path: Path, origin: Origin) -> Any:
    """The content of a JSON file.

    Raises:
        DataError: It is not there, or is not JSON.
    """
    if not path.is_file():
        raise origin.missing(path)
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: is not JSON that can be read ({type(error).__name__}): get it again.") from None


def check(adapter: TypeAdapter[T], content: Any, path: Path) -> T:
    """The content as records.

    Raises:
        DataError: It is of another form; the message names the first place.
    """
    try:
        return adapter.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DataError(f"{path}: {where}: {first['msg']}: is it the file that it ought to be?") from None


def inside(folder: Path, name: str, record_file: Path) -> Path:
    """The path of a file that a record names below a folder.

    Raises:
        DataError: The name leads out of the folder.
    """
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise DataError(f"{record_file}: names the file '{name}', which leads out of {folder}.")
    return folder.joinpath(*parts.parts)


def first_there(candidates: Iterable[Path], origin: Origin) -> Path:
    """The first path that exists.

    Raises:
        DataError: None does; the message names the first.
    """
    paths = list(candidates)
    for path in paths:
        if path.exists():
            return path
    raise origin.missing(paths[0])
