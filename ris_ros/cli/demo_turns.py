"""The turns of ``ris demo``: each command is asked for a while, then all together, and what came back is counted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_ros.cli.demo_inputs import TruthOf
from ris_ros.cli.demo_report import CommandReport, Report, by_stage, score

if TYPE_CHECKING:
    from ris_ros.ros.demo_client import Answer, DemoClient
    from ris_ros.ros.demo_planner import Told

SERVICE_S = 10.0
"""How long the node may take to answer a service."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A command that was sent, and what came back.

    Attributes:
        text: The command.
        message: Type of the message that it was sent as.
        sent_ns: When.
        answers: The answers, one for each frame that was grounded.
        told: The plans.
        planned_ns: Since when plans were asked for as well; None: never.
    """

    text: str
    message: str
    sent_ns: int
    answers: Sequence[Answer]
    told: Sequence[Told]
    planned_ns: int | None

    def alone(self, stamp_ns: int) -> bool:
        """Whether an image was taken while nothing but masks was asked for."""
        return self.planned_ns is None or stamp_ns < self.planned_ns


def ask(
    client: DemoClient, texts: Sequence[str], seconds: float, *, with_plans: bool
) -> tuple[list[Asked], list[Answer]]:
    """Ask each command for an equal share of the time, then all together; returns both kinds of answers.

    Plans are asked for in the second half of each turn: in the first, times are those of masks alone.
    """
    share_s = seconds / (len(texts) + 1)
    asked = []
    for number, text in enumerate(texts):
        # Both ways of asking are tried in turn.
        typed = number % 2 == 0
        message = "ris_ros/Command" if typed else "std_msgs/String"
        print(f'[{number + 1}/{len(texts)}] "{text}" as {message}', flush=True)
        before, sent_ns = len(client.answers), time.time_ns()
        if typed:
            client.ask(f"demo-{number}", text)
        else:
            client.say(text)
        told: Sequence[Told] = ()
        planned_ns = None
        if with_plans:
            client.spin(share_s / 2)
            planned_ns = time.time_ns()
            told = client.hear_plans(share_s / 2)
        else:
            client.spin(share_s)
        client.clear(SERVICE_S)
        # The last answer to the command before may come only now: its id is of the other kind.
        ours = [answer for answer in client.answers[before:] if answer.command_id.startswith("demo-") is typed]
        asked.append(Asked(text, message, sent_ns, ours, told, planned_ns))
    print(f"all {len(texts)} together", flush=True)
    before = len(client.answers)
    for number, text in enumerate(texts):
        client.ask(f"demo-{number}", text)
    client.spin(share_s)
    client.clear(SERVICE_S)
    return asked, client.answers[before:]


def report_of(
    client: DemoClient,
    asked: Sequence[Asked],
    together: Sequence[Answer],
    recorded_ns: dict[int, int],
    truth_of: TruthOf,
) -> tuple[Report, list[int]]:
    """Count, measure and score.

    Args:
        client: Holds what arrived.
        asked: The commands, a turn each.
        together: The answers to all of them at once.
        recorded_ns: Stamp of each published image -> its stamp in the bag.
        truth_of: What is true of an image.

    Returns:
        The report, and the stamps of the images on which all commands were answered at once.
    """
    latency_ms = {m.stamp_ns: (m.received_ns - m.stamp_ns) / 1e6 for m in client.label_masks}
    commands = [_command_report(one, latency_ms, recorded_ns, truth_of) for one in asked]
    crowd: dict[int, int] = {}
    for answer in together:
        crowd[answer.stamp_ns] = crowd.get(answer.stamp_ns, 0) + 1
    full = [stamp_ns for stamp_ns, count in crowd.items() if count == len(asked)]
    answers = [answer for one in asked for answer in one.answers if one.alone(answer.stamp_ns)]
    told = [told for one in asked for told in one.told]
    planned = any(one.planned_ns is not None for one in asked)
    report = Report(
        commands=commands,
        published=len(recorded_ns),
        camera=client.camera_counts,
        engine=client.diagnostics.get("engine", {}),
        arrived={
            "label masks": len(client.label_masks),
            "label masks with a role in them": sum(mask.labelled for mask in client.label_masks),
            "confidence maps": client.confidences,
            "overlays": len(client.overlays),
            **({"plans": len(told), "costmaps": len(client.planner.costmaps)} if planned else {}),
        },
        stages_ms=by_stage(answer.stages_ms for answer in answers),
        planning_ms=[
            latency_ms[a.stamp_ns]
            for one in asked
            for a in one.answers
            if a.stamp_ns in latency_ms and not one.alone(a.stamp_ns)
        ],
        together_ms=[latency_ms[stamp_ns] for stamp_ns in full if stamp_ns in latency_ms],
    )
    return report, full


def _command_report(
    asked: Asked, latency_ms: dict[int, float], recorded_ns: dict[int, int], truth_of: TruthOf
) -> CommandReport:
    known = (
        (answer, truth_of(recorded_ns[answer.stamp_ns], asked.text, answer.size_px))
        for answer in asked.answers
        if answer.stamp_ns in recorded_ns
    )
    masks_ns = [a.stamp_ns + int(latency_ms[a.stamp_ns] * 1e6) for a in asked.answers if a.stamp_ns in latency_ms]
    return CommandReport(
        text=asked.text,
        message=asked.message,
        answered=len(asked.answers),
        found=sum(answer.found for answer in asked.answers),
        score=score((answer, truth) for answer, truth in known if truth is not None),
        latency_ms=[
            latency_ms[a.stamp_ns] for a in asked.answers if a.stamp_ns in latency_ms and asked.alone(a.stamp_ns)
        ],
        first_mask_ms=(min(masks_ns) - asked.sent_ns) / 1e6 if masks_ns else None,
    )
