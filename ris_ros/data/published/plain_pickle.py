"""Unpickle lists, dicts, strings and numbers, and nothing else: a pickle of anything else could run any program.

The files of RefCOCO and its kin were pickled by Python 2, whose byte strings are read as Latin-1.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from ris_ros.errors import DataError


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it holds {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it points outside itself")


def read_plain_pickle(path: Path) -> Any:
    """What a pickle of plain containers, strings and numbers holds.

    Raises:
        DataError: The file cannot be read, is damaged, or holds anything else; then nothing of it was run.
    """
    try:
        return _PlainUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): check the path.") from None
    # A damaged pickle can fail in any operation of the machine that it is a program for.
    except Exception as error:
        why = str(error) if isinstance(error, pickle.UnpicklingError) else type(error).__name__
        raise DataError(f"{path}: is not a pickle of plain lists and dicts ({why}): get it again.") from None
