"""The environment that images need, and what is said where it cannot be had; none of it needs ROS."""

from __future__ import annotations

import fcntl
import os
import socket
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from ris_ros.config.share import share_file
from ris_ros.errors import ConfigError, TransportError
from ris_ros.ros import transport

PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")


def test_the_profile_makes_a_segment_of_the_size_that_is_planned_for() -> None:
    root = ElementTree.parse(share_file(transport.PROFILE)).getroot()
    names = {"dds": root.tag[1 : root.tag.index("}")]}

    (size,) = root.findall(".//dds:segment_size", names)
    transports = [element.text for element in root.findall(".//dds:transport_descriptor/dds:transport_id", names)]
    used = [element.text for element in root.findall(".//dds:userTransports/dds:transport_id", names)]
    participant = root.find(".//dds:participant", names)
    assert int(size.text or 0) == transport.SEGMENT_BYTES
    assert used == transports, "every transport that is described is used"
    assert participant is not None and participant.get("is_default_profile") == "true"


def test_every_process_gets_profile_and_malloc_settings(tmp_path: Path) -> None:
    planned = transport.plan(1, environ={}, shared_memory=tmp_path)

    assert {planned.environment[name] for name in PROFILES} == {str(share_file(transport.PROFILE))}
    assert transport.MALLOC.items() <= planned.environment.items()
    assert planned.notes == ()


def test_planning_again_inside_a_child_is_silent(tmp_path: Path) -> None:
    first = transport.plan(1, environ={}, shared_memory=tmp_path)

    assert transport.plan(1, environ=first.environment, shared_memory=tmp_path).notes == ()


def test_what_the_user_has_set_stays(tmp_path: Path) -> None:
    environ = {PROFILES[0]: "mine.xml", "MALLOC_TOP_PAD_": "1"}
    planned = transport.plan(1, environ=environ, shared_memory=tmp_path)

    assert not set(planned.environment) & {*PROFILES, "MALLOC_TOP_PAD_"}
    assert "mine.xml" in planned.notes[0]


def test_another_middleware_gets_no_fast_dds_profile(tmp_path: Path) -> None:
    planned = transport.plan(1, environ={"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"}, shared_memory=tmp_path)

    assert not set(planned.environment) & set(PROFILES)
    assert "rmw_cyclonedds_cpp" in planned.notes[0]


@pytest.mark.parametrize("missing", [True, False])
def test_too_little_shared_memory_falls_back_with_a_sentence(tmp_path: Path, missing: bool) -> None:
    shared_memory = tmp_path / "absent" if missing else tmp_path
    processes = 1 if missing else 2**40
    planned = transport.plan(processes, environ={}, shared_memory=shared_memory)

    assert not set(planned.environment) & set(PROFILES)
    assert "--shm-size" in planned.notes[0]


@pytest.mark.parametrize("home", [None, "relative", "{file}"])
def test_where_ros_cannot_log_below_home_it_gets_a_place(
    home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for name in ("HOME", "ROS_HOME", "ROS_LOG_DIR"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HOME", (home or "").format(file=tmp_path / "file"))
    monkeypatch.setattr("ris_ros.ros.transport.keep_large_blocks", lambda: True)

    (note,) = transport.apply(transport.Transport({}, ()))

    assert os.environ["ROS_LOG_DIR"] in note and Path(os.environ["ROS_LOG_DIR"]).parent.is_dir()
    assert transport.apply(transport.Transport({}, ())) == ()


def test_where_ros_can_log_below_home_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ROS_HOME", "ROS_LOG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("ris_ros.ros.transport.keep_large_blocks", lambda: True)

    assert transport.apply(transport.Transport({}, ())) == ()
    assert "ROS_LOG_DIR" not in os.environ


def test_only_segments_whose_owner_is_gone_are_stale(tmp_path: Path) -> None:
    owned, killed, bare = (tmp_path / f"fastrtps_{digit * 16}" for digit in "0ab")
    for segment in (owned, killed, bare):
        segment.touch()
        os.truncate(segment, transport.SEGMENT_BYTES)
    for segment in (owned, killed):
        segment.with_name(segment.name + "_el").touch()
    (tmp_path / "fastrtps_port7410").touch()

    with owned.with_name(owned.name + "_el").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert transport.stale_segments(tmp_path) == [killed, bare]
        note = transport.leftovers(tmp_path)
        killed.unlink()
        bare.unlink()
        assert transport.leftovers(tmp_path) == ""
    assert "2 processes" in note and "134 MB" in note and "fastdds shm clean" in note


def test_a_run_of_its_own_takes_a_domain_that_nobody_uses() -> None:
    first = int(transport.isolated(environ={})["ROS_DOMAIN_ID"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 7400 + 250 * first + 10))
        second = int(transport.isolated(environ={})["ROS_DOMAIN_ID"])

    assert 1 <= first <= 101 and 1 <= second <= 101 and first != second


def test_the_users_domain_stays_unless_another_is_asked_for() -> None:
    environ = {"ROS_DOMAIN_ID": "7", "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}

    assert transport.isolated(environ=environ) == environ
    assert transport.isolated(9, environ=environ)["ROS_DOMAIN_ID"] == "9"
    assert transport.isolated(environ={})["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"


@pytest.mark.parametrize("domain", [-1, 233])
def test_a_domain_that_does_not_exist_is_refused(domain: int) -> None:
    with pytest.raises(TransportError, match=str(domain)):
        transport.isolated(domain)
    with pytest.raises(TransportError, match=str(domain)):
        transport.isolated(environ={"ROS_DOMAIN_ID": str(domain)})


def test_a_domain_in_the_environment_that_is_no_number_is_refused() -> None:
    with pytest.raises(TransportError, match="lab"):
        transport.isolated(environ={"ROS_DOMAIN_ID": "lab"})


def test_a_shared_file_that_is_not_installed_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="make setup"):
        share_file("config/absent.xml")
