"""What the tests of the living node share: a module starts the node once, and each of its tests a clean slate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from live_node import Peer  # which needs ROS


@pytest.fixture
def peer(live: Peer) -> Peer:
    """The peer of the module's node, with no command active and nothing heard."""
    live.clear()
    live.forget()
    return live
