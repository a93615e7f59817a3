"""How camera images get from one process to another in time: the environment that every process needs.

Three settings decide it on one machine: the size of Fast DDS's shared-memory segment on the side that sends, whether
malloc gives each image's memory back to the system, and how far discovery reaches. All are read when a process
starts, so they are planned here and given to child processes (``ris demo``, ``launch/grounding.launch.py``). This
module imports neither rclpy nor anything else of ROS. See docs/transport.md for what each setting is worth.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import socket
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ris_ros.config.share import share_file
from ris_ros.errors import TransportError

PROFILE = "config/fastdds_shm.xml"
SEGMENT_BYTES = 64 * 2**20
"""``segment_size`` of the profile; each process that joins makes one segment of it."""

MALLOC: Mapping[str, str] = MappingProxyType(
    {
        "MALLOC_MMAP_THRESHOLD_": str(2**30),
        "MALLOC_TRIM_THRESHOLD_": str(2**31),
        "MALLOC_TOP_PAD_": str(64 * 2**20),
    }
)
"""glibc: keep the memory of an image for the next one; mapping it anew costs a page fault for each 4 KB."""

_PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
_SHARED_MEMORY = Path("/dev/shm")
_SEGMENT_NAME = re.compile(r"(?:fastrtps|fastdds)_[0-9a-f]{16}")
_DOMAINS = range(1, 102)  # beyond 101 the discovery ports reach into Linux's ephemeral range
_LAST_DOMAIN = 232  # whose ports are the last that there are
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


@dataclass(frozen=True, slots=True, eq=False)
class Transport:
    """What to add to the environment of every process that sends or receives images.

    Attributes:
        environment: Variable -> value.
        notes: Sentences a person should read: what could not be set, and what follows from it.
    """

    environment: Mapping[str, str]
    notes: tuple[str, ...]


def plan(processes: int, environ: Mapping[str, str] | None = None, shared_memory: Path = _SHARED_MEMORY) -> Transport:
    """Plan the environment for a number of processes on this machine.

    What the user has set stays: a profile of their own, another middleware, malloc settings. Where the shared memory
    cannot hold a segment for each process, the profile is left out and a note says so.

    Args:
        processes: How many will send or receive images.
        environ: The environment to extend; this process's own by default.
        shared_memory: The folder that holds the segments.

    Raises:
        ConfigError: The profile is not installed.
    """
    environ = os.environ if environ is None else environ
    environment = {name: value for name, value in MALLOC.items() if name not in environ}
    notes: list[str] = []
    middleware = environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp")
    profile = str(share_file(PROFILE))
    own = next((environ[name] for name in _PROFILE_VARIABLES if environ.get(name) not in (None, "", profile)), "")
    if "fastrtps" not in middleware:
        notes.append(f"{middleware} is in use: the shared-memory profile is Fast DDS's and is not applied.")
    elif own:
        notes.append(f"The Fast DDS profile '{own}' from the environment is kept.")
    elif problem := _shortage(processes * SEGMENT_BYTES, shared_memory):
        notes.append(f"{problem}, so large raw images may be lost: enlarge it (docker run --shm-size=1g).")
    else:
        environment |= dict.fromkeys(_PROFILE_VARIABLES, profile)
    return Transport(MappingProxyType(environment), tuple(notes))


def isolated(domain: int | None = None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment that keeps a run to itself: a domain of its own, and discovery within this machine.

    Args:
        domain: The domain to use; by default the user's ``ROS_DOMAIN_ID``, or else one that nobody uses here.
        environ: The environment to extend; this process's own by default.

    Raises:
        TransportError: The domain is no number from 0 to 232, or every domain of this machine is in use.
    """
    environ = os.environ if environ is None else environ
    chosen = str(domain) if domain is not None else environ.get("ROS_DOMAIN_ID", "")
    if chosen and not (chosen.isdecimal() and int(chosen) <= _LAST_DOMAIN):
        raise TransportError(f"ROS domain {chosen} does not exist: choose one from 0 to 101.")
    return {
        "ROS_DOMAIN_ID": chosen or str(_free_domain(_DOMAINS)),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST"),
    }


def apply(planned: Transport) -> tuple[str, ...]:
    """Give this process, already started, what a child would find in its environment.

    It must come before ``rclpy.init``, which fails where ROS 2 has no place for its log: there it gets one. Returns the
    plan's notes, and one more for that and where malloc could not be set.
    """
    os.environ.update(planned.environment)
    notes = list(planned.notes)
    if folder := _other_log_folder(os.environ):
        os.environ["ROS_LOG_DIR"] = folder
        notes.append(f"ROS 2 cannot write its log below the home folder: it lies in {folder} (ROS_LOG_DIR).")
    if not keep_large_blocks():
        notes.append("This C library has no malloc settings: images cost more processor time here.")
    return tuple(notes)


def keep_large_blocks() -> bool:
    """Give this process, already started, what :data:`MALLOC` gives a child.

    Returns:
        False where the C library has no ``mallopt`` or refuses (not glibc); nothing is changed then.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    # mallopt takes an int: two GiB less one is the most that it can be told.
    settings = ((_M_MMAP_THRESHOLD, 2**30), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 64 * 2**20))
    return all(mallopt(option, value) == 1 for option, value in settings)


def stale_segments(shared_memory: Path = _SHARED_MEMORY) -> list[Path]:
    """Segments that killed Fast DDS processes left behind.

    The owner of a segment holds an exclusive lock on the file of the same name with ``_el`` at its end for as long
    as it lives, so a segment whose lock is free has no owner.
    """
    if not shared_memory.is_dir():
        return []
    segments = (path for path in sorted(shared_memory.iterdir()) if _SEGMENT_NAME.fullmatch(path.name))
    return [path for path in segments if _unowned(path.with_name(path.name + "_el"))]


def ros_missing(module: str) -> TransportError:
    """The error for a machine on which a module of ROS 2 cannot be imported; pip alone cannot bring it."""
    return TransportError(
        f"ROS 2 is missing ('{module}' cannot be imported): source a distribution's setup.bash, or run `make setup`."
    )


def leftovers(shared_memory: Path = _SHARED_MEMORY) -> str:
    """A sentence on the segments that killed processes left; empty while they take no room that matters."""
    stale = stale_segments(shared_memory)
    stale_bytes = sum(path.stat().st_size for path in stale if path.exists())
    if stale_bytes < SEGMENT_BYTES:
        return ""
    return (
        f"Shared-memory segments of {len(stale)} processes that were killed lie in {shared_memory}"
        f" ({stale_bytes / 1e6:.0f} MB): `fastdds shm clean` removes them."
    )


def _other_log_folder(environ: Mapping[str, str]) -> str:
    """A temporary folder for ROS 2's log where HOME is unset, as in a system's service, or cannot be written; or empty.

    Where the user has said where logs go, they go there.
    """
    if environ.get("ROS_LOG_DIR") or environ.get("ROS_HOME"):
        return ""
    folder = Path(environ.get("HOME", ""), ".ros", "log")
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if folder.is_absolute() and nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return ""
    return str(Path(tempfile.gettempdir()) / f"ros_log-{os.getuid()}")


def _unowned(lock: Path) -> bool:
    try:
        with lock.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _shortage(needed_bytes: int, shared_memory: Path) -> str:
    try:
        status = os.statvfs(shared_memory)
    except OSError:
        return f"{shared_memory} does not exist"
    free_bytes = status.f_bavail * status.f_frsize
    if free_bytes >= needed_bytes:
        return ""
    return f"{shared_memory} has {free_bytes / 1e6:.0f} MB free and the image transport needs {needed_bytes / 1e6:.0f}"


def _free_domain(candidates: Iterable[int]) -> int:
    """The first domain, from one that depends on this process, whose discovery port nobody listens on."""
    domains = list(candidates)
    start = os.getpid() % len(domains)
    for domain in domains[start:] + domains[:start]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", 7400 + 250 * domain + 10))  # RTPS: unicast discovery of the first participant
            except OSError:
                continue
        return domain
    raise TransportError("Every ROS domain of this machine is in use: set ROS_DOMAIN_ID to one that may be shared.")
