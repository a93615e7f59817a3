"""What is made of a command as it came."""

from __future__ import annotations

import pytest

from ris_ros.config.node import NodeConfig
from ris_ros.errors import CommandError
from ris_ros.ros.intake import OWN_ID, Asked, to_command
from ris_ros.types import Command, Target


def read(id_: str, text: str = "the red car") -> Command:
    return to_command(Asked(id_, text, Target.AUTO, arrival_ns=5), f"{OWN_ID}command-1", ("camera",), NodeConfig())


def test_a_command_keeps_its_id_and_gets_one_of_the_node_s_where_it_has_none() -> None:
    assert read("mine").id == "mine"
    assert read("request-1").id == "request-1"
    assert read("").id == "~command-1"


def test_nobody_may_take_an_id_of_the_node_s_own() -> None:
    for id_ in ("~", "~command-1", "~refer-1"):
        with pytest.raises(CommandError, match=f"'{id_}' begins with '~'"):
            read(id_)
