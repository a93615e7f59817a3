"""Requests for a lifecycle transition that does not fit the state, such as activating what is not configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifecycle_msgs.srv import ChangeState

_Callback = Callable[[ChangeState.Request, ChangeState.Response], ChangeState.Response]


def refuse_misfits(node: Any) -> None:
    """Let a lifecycle node answer them with ``success: false``.

    rclpy throws them out of its executor instead, which ends the process and leaves the caller without an answer. What
    did not fit stands in the log: rcl writes it there.

    Args:
        node: The lifecycle node.
    """
    for service in node.services:
        if service.srv_type is ChangeState:
            service.callback = _refusing(service.callback)


def _refusing(change: _Callback) -> _Callback:
    def change_or_refuse(request: ChangeState.Request, response: ChangeState.Response) -> ChangeState.Response:
        try:
            return change(request, response)
        except RuntimeError:  # the base of rcl's errors, which have no public name
            response.success = False
            return response

    return change_or_refuse
