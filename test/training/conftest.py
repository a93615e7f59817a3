"""Training sets how the processor treats subnormal numbers, for good: tests that follow must not notice."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def subnormal_numbers_come_back() -> Iterator[None]:
    yield
    torch = pytest.importorskip("torch")
    torch.set_flush_denormal(False)
