"""Which images are subscribed to, and how reliably."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")

from hypothesis import given
from hypothesis import strategies as st
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

from ris_ros.ros.qos import Kind, Offer, plan, stream_qos

pytestmark = pytest.mark.ros

NOBODY, RELIABLE, BEST_EFFORT = Offer(0, False), Offer(1, True), Offer(2, False)


@pytest.mark.parametrize(
    ("raw", "compressed", "wanted"),
    [
        (NOBODY, NOBODY, {Kind.RAW: "BEST_EFFORT", Kind.COMPRESSED: "BEST_EFFORT"}),
        (RELIABLE, NOBODY, {Kind.RAW: "RELIABLE"}),
        (BEST_EFFORT, NOBODY, {Kind.RAW: "BEST_EFFORT"}),
        (NOBODY, RELIABLE, {Kind.COMPRESSED: "RELIABLE"}),
        (RELIABLE, BEST_EFFORT, {Kind.RAW: "RELIABLE"}),
    ],
)
def test_auto_reads_what_is_published_and_raw_first(raw: Offer, compressed: Offer, wanted: dict[Kind, str]) -> None:
    assert {kind: policy.name for kind, policy in plan("auto", raw, compressed).items()} == wanted


offers = st.builds(Offer, st.integers(0, 3), st.booleans())


@given(offers, offers)
def test_a_stated_form_is_the_only_one(raw: Offer, compressed: Offer) -> None:
    assert list(plan("raw", raw, compressed)) == [Kind.RAW]
    assert list(plan("compressed", raw, compressed)) == [Kind.COMPRESSED]


@given(offers, offers)
def test_nothing_is_asked_for_that_is_not_offered(raw: Offer, compressed: Offer) -> None:
    for kind, policy in plan("auto", raw, compressed).items():
        offered = raw if kind is Kind.RAW else compressed
        assert policy == ReliabilityPolicy.BEST_EFFORT or offered.reliable


@given(st.builds(Offer, st.integers(0, 3), st.booleans(), st.booleans()))
def test_what_goes_with_images_is_asked_for_as_it_is_offered(offered: Offer) -> None:
    qos = stream_qos(offered, 3)
    assert (qos.reliability == ReliabilityPolicy.RELIABLE) == offered.reliable
    assert (qos.durability == DurabilityPolicy.TRANSIENT_LOCAL) == offered.kept
    assert qos.depth == 3
