"""Energy, where the machine tells: RAPL counters of x86 processors, INA sensors or tegrastats of a Jetson.

What is measured is the whole processor (RAPL) or the whole board (Jetson), with everything else that runs on it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

POWERCAP = Path("/sys/class/powercap")
HWMON = Path("/sys/class/hwmon")
IIO = Path("/sys/bus/iio/devices")
_PACKAGE = re.compile(r"intel-rapl:\d+")
# One rail of a board that carries all others, by its names over the generations of Jetson.
_TOTAL_RAILS = ("VDD_IN", "POM_5V_IN", "VIN")
# tegrastats: "VDD_IN 4940mW/4940mW" (since JetPack 5) or "GPU 464/464" (before); now, then the average. What it says of
# memory ends in another unit.
_RAIL = re.compile(r"(\S+) (\d+)(?:mW)?/\d+(?:mW)?(?!\S)", re.ASCII)
_PERIOD_S = 0.1

ReadWatts = Callable[[], float]


class EnergyMeter(Protocol):
    """Measures the energy between two moments."""

    @property
    def source(self) -> str:
        """What measures, for people."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> float | None:
        """Joules since :meth:`start`; None where the source fell silent."""
        ...


class RaplMeter:
    """Counters of the processor's packages.

    Args:
        packages: Folders ``intel-rapl:<n>``.

    Raises:
        OSError: A counter cannot be read.
    """

    source = "RAPL, processor packages"

    def __init__(self, packages: list[Path]) -> None:
        self._packages = packages
        self._ranges_uj = [int((folder / "max_energy_range_uj").read_text()) for folder in packages]
        self._begun_uj = self._read_uj()

    def start(self) -> None:
        self._begun_uj = self._read_uj()

    def stop(self) -> float | None:
        try:
            ended_uj = self._read_uj()
        except OSError:
            return None
        # A counter that has come round once is below its start; rounds take a minute at least.
        spent = zip(self._begun_uj, ended_uj, self._ranges_uj, strict=True)
        return sum((end - begin) % (most + 1) for begin, end, most in spent) / 1e6

    def _read_uj(self) -> list[int]:
        return [int((folder / "energy_uj").read_text()) for folder in self._packages]


class PowerMeter:
    """Mean of a power that a thread of its own reads some times a second, times the time.

    Args:
        source: What measures, for people.
        reader: Opens what tells the watts of a moment, and raises OSError where they cannot be read.
    """

    def __init__(self, source: str, reader: Callable[[], AbstractContextManager[ReadWatts]]) -> None:
        self.source = source
        self._reader = reader
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._start_s = 0.0
        self._watts: list[float] = []

    def start(self) -> None:
        self._stop.clear()
        self._watts = []
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._start_s = time.perf_counter()
        self._thread.start()

    def stop(self) -> float | None:
        seconds = time.perf_counter() - self._start_s
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        # A program that tells the power may take a while to say its first word: the time is ours, not that of samples.
        return seconds * sum(self._watts) / len(self._watts) if self._watts else None

    def _sample(self) -> None:
        try:
            with self._reader() as read_w:
                self._watts.append(read_w())
                while not self._stop.wait(_PERIOD_S):
                    self._watts.append(read_w())
        except (OSError, ValueError):
            self._watts = []


def board_watts(rails_mw: Mapping[str, float]) -> float:
    """Power of a whole board from that of its rails: the rail that carries all, or else their sum."""
    total = next((rails_mw[name] for name in _TOTAL_RAILS if name in rails_mw), None)
    return (sum(rails_mw.values()) if total is None else total) / 1e3


def parse_tegrastats(line: str) -> dict[str, float]:
    """Rail -> milliwatts, of a line that ``tegrastats`` prints; empty where it tells none."""
    return {name: float(now) for name, now in _RAIL.findall(line)}


def read_ina_mw(hwmon: Path = HWMON, iio: Path = IIO) -> dict[str, float]:
    """Rail -> milliwatts of the INA3221 sensors of a Jetson; empty where there are none.

    Raises:
        OSError: A sensor that is there cannot be read.
        ValueError: It says something that is no number.
    """
    rails: dict[str, float] = {}
    for folder in sorted(hwmon.glob("hwmon*")):  # since JetPack 5: millivolts and milliamperes
        if not (folder / "name").is_file() or (folder / "name").read_text().strip() != "ina3221":
            continue
        for label in sorted(folder.glob("in*_label")):
            number = label.name.removeprefix("in").removesuffix("_label")
            volts, amperes = folder / f"in{number}_input", folder / f"curr{number}_input"
            if volts.is_file() and amperes.is_file():
                rails[label.read_text().strip()] = float(volts.read_text()) * float(amperes.read_text()) / 1e3
    for folder in sorted(iio.glob("iio:device*")):  # JetPack 4: milliwatts
        for label in sorted(folder.glob("rail_name_*")):
            power = folder / f"in_power{label.name.removeprefix('rail_name_')}_input"
            if power.is_file():
                rails[label.read_text().strip()] = float(power.read_text())
    return rails


@contextmanager
def tegrastats(program: str) -> Iterator[ReadWatts]:
    """Watts as ``tegrastats`` prints them, line by line.

    Raises:
        OSError: The program cannot be run, or a line tells no power.
    """
    command = [program, "--interval", str(int(_PERIOD_S * 1e3))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:

        def read_w() -> float:
            rails = parse_tegrastats(process.stdout.readline() if process.stdout else "")
            if not rails:
                raise OSError("tegrastats tells no power")
            return board_watts(rails)

        try:
            yield read_w
        finally:
            process.kill()


def find_meter(
    powercap: Path = POWERCAP,
    hwmon: Path = HWMON,
    iio: Path = IIO,
    which: Callable[[str], str | None] = shutil.which,
) -> tuple[EnergyMeter | None, str]:
    """What measures energy here, and its name; or None, and why nothing does."""
    try:
        if read_ina_mw(hwmon, iio):
            meter = PowerMeter(
                "INA sensors, whole board", lambda: nullcontext(lambda: board_watts(read_ina_mw(hwmon, iio)))
            )
            return meter, meter.source
        if program := which("tegrastats"):
            with tegrastats(program) as read_w:
                read_w()
            meter = PowerMeter("tegrastats, whole board", lambda: tegrastats(program))
            return meter, meter.source
    except (OSError, ValueError) as error:
        return None, f"the board's sensors cannot be read ({error})"
    packages = sorted(folder for folder in powercap.glob("intel-rapl:*") if _PACKAGE.fullmatch(folder.name))
    if not packages:
        return None, "no RAPL counters, INA sensors or tegrastats here"
    try:
        return RaplMeter(packages), RaplMeter.source
    except PermissionError:
        return None, "RAPL counters are readable by root only: run `sudo chmod a+r /sys/class/powercap/*/energy_uj`"
    except (OSError, ValueError) as error:
        return None, f"the RAPL counters cannot be read ({error})"
