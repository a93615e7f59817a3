"""Where energy is read from, on recorded folders and lines."""

from __future__ import annotations

import stat
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.benchmark.energy import board_watts, find_meter, parse_tegrastats, read_ina_mw

ORIN = (
    "11-23-2026 02:14:33 RAM 2456/7620MB (lfb 3x4MB) SWAP 0/3810MB (cached 0MB) CPU [12%@1510,9%@1510,off,off] "
    "EMC_FREQ 0%@2133 GR3D_FREQ 45%@[624] cpu@49.2C soc2@48.1C gpu@48.5C tj@49.2C VDD_IN 6213mW/5890mW "
    "VDD_CPU_GPU_CV 2210mW/2001mW VDD_SOC 1507mW/1492mW"
)
NANO = (
    "RAM 1903/3964MB (lfb 2x1MB) SWAP 0/1982MB (cached 0MB) CPU [20%@1479,12%@1479,10%@1479,15%@1479] EMC_FREQ 0% "
    "GR3D_FREQ 0% PLL@34C CPU@36.5C PMIC@100C GPU@34C AO@41C thermal@35.25C POM_5V_IN 2532/2611 POM_5V_GPU 41/52 "
    "POM_5V_CPU 655/702"
)
XAVIER = (
    "RAM 5412/31925MB (lfb 4784x4MB) SWAP 0/15963MB (cached 0MB) CPU [5%@1190,off] EMC_FREQ 0% GR3D_FREQ 0% AO@34C "
    "PMIC@100C IRAM 0/252kB(lfb 252kB) GPU 464/470 CPU 928/930 SOC 1392/1390 CV 0/0 VDDRQ 155/160 SYS5V 1732/1730"
)
THOR = "RAM 1/2MB GR3D_FREQ 0% gpu@40C VDD_GPU 3205mW/3205mW VDD_CPU_SOC_MSS 801mW/801mW VIN 21000mW/21000mW"
AGX = "RAM 1/2MB CPU [0%@729] VDD_GPU_SOC 3205mW/3205mW VDD_CPU_CV 801mW/801mW VIN_SYS_5V0 4133mW/4133mW"


@pytest.mark.parametrize(
    ("line", "rails", "watts"),
    [
        (ORIN, {"VDD_IN": 6213.0, "VDD_CPU_GPU_CV": 2210.0, "VDD_SOC": 1507.0}, 6.213),
        (NANO, {"POM_5V_IN": 2532.0, "POM_5V_GPU": 41.0, "POM_5V_CPU": 655.0}, 2.532),
        (
            XAVIER,
            {"GPU": 464.0, "CPU": 928.0, "SOC": 1392.0, "CV": 0.0, "VDDRQ": 155.0, "SYS5V": 1732.0},
            4.671,
        ),
        (THOR, {"VDD_GPU": 3205.0, "VDD_CPU_SOC_MSS": 801.0, "VIN": 21000.0}, 21.0),
        (AGX, {"VDD_GPU_SOC": 3205.0, "VDD_CPU_CV": 801.0, "VIN_SYS_5V0": 4133.0}, 8.139),
        ("RAM 1903/3964MB CPU [20%@1479]", {}, 0.0),
    ],
)
def test_tegrastats_of_five_boards(line, rails, watts):
    assert parse_tegrastats(line) == rails
    assert board_watts(rails) == pytest.approx(watts)


@given(st.text(max_size=200))
def test_no_line_breaks_the_reader(line):
    assert all(value >= 0 for value in parse_tegrastats(line).values())


def rapl(folder, energies_uj):
    for number, energy in enumerate(energies_uj):
        package = folder / f"intel-rapl:{number}"
        package.mkdir(parents=True)
        (package / "energy_uj").write_text(f"{energy}\n")
        (package / "max_energy_range_uj").write_text("999999\n")
        # A part of the package, which counts in it already.
        core = folder / f"intel-rapl:{number}:0"
        core.mkdir()
        (core / "energy_uj").write_text("77\n")


def nothing(name):
    return None


def test_rapl_sums_packages_and_comes_round(tmp_path):
    rapl(tmp_path, [100_000, 900_000])
    meter, source = find_meter(tmp_path, tmp_path / "no", tmp_path / "no", nothing)
    assert "RAPL" in source
    meter.start()
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("350000")
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("100000")
    assert meter.stop() == pytest.approx(0.25 + 0.2)


def test_counters_that_only_root_reads_are_said_to_be_so(tmp_path, monkeypatch):
    rapl(tmp_path, [1])

    def refuse(path, *args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_text", refuse)
    meter, why = find_meter(tmp_path, tmp_path / "no", tmp_path / "no", nothing)
    assert meter is None and "root only" in why


def test_where_nothing_measures_it_is_said_so(tmp_path):
    meter, why = find_meter(tmp_path, tmp_path, tmp_path, nothing)
    assert meter is None and "no RAPL counters" in why


def ina(folder):
    sensor = folder / "hwmon3"
    sensor.mkdir(parents=True)
    (sensor / "name").write_text("ina3221\n")
    for number, (label, millivolts, milliamperes) in enumerate(
        [("VDD_IN", 4960, 1000), ("VDD_SOC", 4968, 200)], start=1
    ):
        (sensor / f"in{number}_label").write_text(f"{label}\n")
        (sensor / f"in{number}_input").write_text(f"{millivolts}\n")
        (sensor / f"curr{number}_input").write_text(f"{milliamperes}\n")
    # The sum of the shunts has a label but no current of its own.
    (sensor / "in7_label").write_text("sum of shunt voltages\n")
    (sensor / "in7_input").write_text("3\n")
    other = folder / "hwmon0"
    other.mkdir()
    (other / "name").write_text("thermal\n")


def test_ina_sensors_of_jetpack_5_are_volts_times_amperes(tmp_path):
    ina(tmp_path)
    assert read_ina_mw(tmp_path, tmp_path / "no") == pytest.approx({"VDD_IN": 4960.0, "VDD_SOC": 993.6})


def test_ina_sensors_of_jetpack_4_tell_power(tmp_path):
    device = tmp_path / "iio:device0"
    device.mkdir()
    (device / "rail_name_0").write_text("POM_5V_IN\n")
    (device / "in_power0_input").write_text("2532\n")
    assert read_ina_mw(tmp_path / "no", tmp_path) == {"POM_5V_IN": 2532.0}


def test_energy_is_mean_power_times_time(tmp_path):
    ina(tmp_path)
    meter, source = find_meter(tmp_path / "no", tmp_path, tmp_path / "no", nothing)
    assert "INA" in source
    start = time.perf_counter()
    meter.start()
    time.sleep(0.25)
    joules = meter.stop()
    assert 4.96 * 0.25 <= joules <= 4.96 * (time.perf_counter() - start)


def test_a_sensor_that_falls_silent_gives_nothing(tmp_path):
    ina(tmp_path)
    meter, _ = find_meter(tmp_path / "no", tmp_path, tmp_path / "no", nothing)
    meter.start()
    (tmp_path / "hwmon3" / "curr1_input").write_text("?")
    time.sleep(0.15)
    assert meter.stop() is None


def test_tegrastats_is_read_line_by_line(tmp_path):
    program = tmp_path / "tegrastats"
    program.write_text(f"#!/bin/sh\nsleep 0.15\nwhile true; do echo '{ORIN}'; sleep 0.05; done\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    meter, source = find_meter(tmp_path / "no", tmp_path / "no", tmp_path / "no", lambda name: str(program))
    assert "tegrastats" in source
    start = time.perf_counter()
    meter.start()
    time.sleep(0.3)
    joules = meter.stop()
    assert 6.213 * 0.3 <= joules <= 6.213 * (time.perf_counter() - start)


def test_a_tegrastats_that_tells_no_power_is_named(tmp_path):
    program = tmp_path / "tegrastats"
    program.write_text("#!/bin/sh\necho RAM 1/2MB\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    meter, why = find_meter(tmp_path / "no", tmp_path / "no", tmp_path / "no", lambda name: str(program))
    assert meter is None and "tells no power" in why
