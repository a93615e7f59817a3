"""What every inference backend can be asked for."""

from __future__ import annotations

from typing import Literal, get_args

Precision = Literal["auto", "fp32", "fp16", "bf16", "int8"]
"""Arithmetic of convolutions and products; ``auto`` leaves it to the backend, which takes the fastest within the limits
of :data:`ris_ros.runtime.parity.LIMITS` that needs no calibration."""
PRECISIONS: tuple[str, ...] = get_args(Precision)
