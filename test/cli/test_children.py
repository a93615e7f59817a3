"""Children never outlive their parent, and one that dies is named with its last words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ris_ros.cli.children import ChildError, Children
from ris_ros.errors import OutputError

SLEEPER = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(2, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)",
]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_leaving_the_block_ends_every_child(tmp_path: Path) -> None:
    with Children(tmp_path, os.environ) as children:
        pids = [children.start(name, SLEEPER).process.pid for name in ("node", "camera")]
        assert all(map(alive, pids))
        children.check()

    assert not any(map(alive, pids))


def test_an_exception_ends_them_too(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Children(tmp_path, os.environ) as children:
        pid = children.start("node", SLEEPER).process.pid
        raise KeyboardInterrupt

    assert not alive(pid)


def test_one_that_ignores_the_interrupt_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ris_ros.cli.children._GRACE_S", 0.2)
    with Children(tmp_path, os.environ) as children:
        child = children.start("node", DEAF)
        assert eventually(lambda: "ready" in child.log.read_text())

    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_dies_is_named_with_its_last_lines(tmp_path: Path) -> None:
    script = "import sys; [print('line', n) for n in range(100)]; sys.exit('out of luck')"
    with Children(tmp_path, os.environ) as children:
        children.start("camera", SLEEPER)
        child = children.start("node", [sys.executable, "-u", "-c", script])
        child.process.wait()
        with pytest.raises(ChildError) as raised:
            children.check()

    message = str(raised.value)
    assert message.startswith("The node ended with exit code 1") and str(child.log) in message
    assert "line 99" in message and "out of luck" in message and "line 5\n" not in message


def test_a_child_that_is_killed_is_named_with_the_signal(tmp_path: Path) -> None:
    with Children(tmp_path, os.environ) as children:
        child = children.start("node", SLEEPER)
        child.process.kill()
        child.process.wait()
        with pytest.raises(ChildError, match="SIGKILL"):
            children.check()


def test_a_program_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with Children(tmp_path, os.environ) as children, pytest.raises(ChildError, match="cannot be started"):
        children.start("node", [str(tmp_path / "absent")])


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with Children(tmp_path / "absent", os.environ) as children, pytest.raises(OutputError, match=r"node\.log"):
        children.start("node", SLEEPER)


def test_children_of_a_parent_that_is_killed_outright_end(tmp_path: Path) -> None:
    script = (
        "import os, sys, time; from pathlib import Path; from ris_ros.cli.children import Children\n"
        f"child = Children(Path({str(tmp_path)!r}), os.environ).start('node', {SLEEPER!r})\n"
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()

    assert eventually(lambda: not alive(pid))
