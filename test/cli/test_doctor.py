"""The doctor's judgement, without ROS and without this machine's luck."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_bundle

from ris_ros.cli import backend_checks, checks, doctor
from ris_ros.cli.checks import Finding, ProbeResult, State
from ris_ros.errors import BackendError, BundleError, MissingExtraError
from ris_ros.runtime import registry
from ris_ros.runtime.table import BackendEntry

GOOD_PROBE = ProbeResult(0, 'a warning\n{"rclpy": "/opt/x/rclpy/__init__.py", "rmw": "rmw_fastrtps_cpp"}\n', "")
WITH_PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"


def check_ros(*missing: str, probe: ProbeResult = GOOD_PROBE, environ: dict[str, str] | None = None) -> list[Finding]:
    return checks.check_ros(environ or {}, has=lambda name: name not in missing, probe=lambda: probe)


def test_what_the_middleware_prints_around_the_answer_is_passed_over():
    chatty = ProbeResult(0, f"opening\n{GOOD_PROBE.stdout}closing\n", "")
    assert {f.state for f in check_ros(probe=chatty)} == {State.OK}


def states(findings: list[Finding]) -> dict[str, State]:
    return {finding.topic: finding.state for finding in findings}


def test_all_of_ros_there():
    findings = check_ros()
    assert {f.state for f in findings} == {State.OK}
    assert any("/opt/x/rclpy" in f.text for f in findings)


@pytest.mark.parametrize(("missing", "advice"), [("rclpy", "make setup"), ("ris_ros.msg", "colcon")])
def test_without_ros_or_interfaces_the_node_cannot_run(missing, advice):
    findings = check_ros(missing, probe=ProbeResult(1, "", "must not be asked"))
    assert not doctor.can_run_node(findings)
    assert advice in findings[-1].advice


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        (ProbeResult(1, "", "Traceback\nImportError: librcl.so: no such file\n"), "ImportError: librcl.so"),
        (ProbeResult(None, "", ""), "in time"),
        (ProbeResult(-11, "", ""), "said nothing"),
        (ProbeResult(0, "closing the middleware\n", ""), "said nothing"),
    ],
)
def test_a_ros_that_breaks_when_used_is_a_failure_with_its_reason(probe, why):
    (finding,) = check_ros(probe=probe)
    assert finding.state is State.FAILURE
    assert why in finding.text


def test_optional_ros_packages_only_get_advice():
    findings = check_ros("launch_ros", "vision_msgs", environ={"ROS_DISTRO": "humble"})
    assert doctor.can_run_node(findings)
    (optional,) = [finding for finding in findings if finding.state is State.ABSENT]
    assert "ros-humble-launch-ros ros-humble-vision-msgs" in optional.advice
    assert "label_info" in optional.text and "launch file" in optional.text


@pytest.mark.parametrize(
    ("missing", "state", "said", "advice"),
    [
        ((), State.OK, "from tf2", ""),
        (("tf2_ros",), State.ABSENT, "camera_poses alone", "ros-jazzy-tf2-ros-py."),
        (("nav2_msgs",), State.ABSENT, "no goals to Nav2", "ros-jazzy-nav2-msgs."),
    ],
)
def test_what_of_the_ground_works_here_is_said(missing, state, said, advice):
    ground = check_ros(*missing, environ={})[-1]
    assert (ground.topic, ground.state) == ("ground outputs", state)
    assert said in ground.text
    assert ground.advice.endswith(advice)


def test_a_missing_bundle_is_a_failure(tmp_path):
    (finding,) = backend_checks.check_backends(tmp_path / "nothing")
    assert finding.state is State.FAILURE
    assert str(tmp_path / "nothing") in finding.advice


def test_the_backends_are_run_and_one_that_works_is_enough(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(backend_checks, "has_nvidia_gpu", lambda: False)
    findings = {finding.topic: finding for finding in backend_checks.check_backends(tiny_bundle.BUNDLE)}
    assert findings["backend onnx"].state is State.OK
    assert State.FAILURE not in [finding.state for finding in findings.values()]
    assert findings["backend onnx-cuda"].text.startswith("needs an NVIDIA GPU")
    assert findings["backend auto"].state is State.OK
    assert "onnx fp32" in findings["backend auto"].text


def test_where_no_backend_works_the_node_cannot_run(monkeypatch):
    def refuse(bundle, threads):
        raise BackendError("It is broken: use another.")

    def lack(bundle, threads):
        raise MissingExtraError("torch", "train")

    refused = BackendEntry("json", "all", "", refuse)
    lacking = BackendEntry("no_such_module", "train", "", lack)
    monkeypatch.setattr(registry, "BACKENDS", {"onnx": refused, "torch": lacking})
    found = states(backend_checks.check_backends(tiny_bundle.BUNDLE))
    assert found["backend onnx"] is State.WARNING
    assert found["backend torch"] is State.ABSENT
    assert found["backends"] is State.FAILURE


def test_a_library_that_is_installed_in_part_does_not_end_the_examination(monkeypatch):
    def break_down(bundle, options):
        raise OSError("libcudart.so.12: cannot open shared object file")

    monkeypatch.setattr(registry, "BACKENDS", {"torch": BackendEntry("json", "", "", break_down)})
    finding = backend_checks.check_backends(tiny_bundle.BUNDLE)[1]
    assert finding.state is State.WARNING
    assert "libcudart" in finding.text and "again" in finding.advice


def test_weights_that_are_not_the_published_ones_are_a_failure(monkeypatch):
    def refuse(path, sha256):
        raise BundleError("model.safetensors: its checksum is wrong: install it again.")

    monkeypatch.setattr(checks.weights, "find_weights", lambda: Path("model.safetensors"))
    monkeypatch.setattr(checks.weights, "verify", refuse)
    finding = checks.check_text_weights()
    assert finding.state is State.FAILURE
    assert "install it again" in finding.advice


@pytest.mark.parametrize(
    ("cpuinfo", "said"),
    [
        ("model name : x\nflags\t\t: fpu amx_bf16 avx512_bf16\n", "amx_bf16 and avx512_bf16"),
        ("Features\t: asimd bf16 i8mm\n", "with bf16"),
        ("flags : fpu avx2 avx512f\n", "no bfloat16"),
        ("", "no bfloat16"),
    ],
)
def test_bfloat16_arithmetic_is_read_from_the_processors_flags(cpuinfo, said):
    assert said in checks.check_processor(cpuinfo, 2).text


@pytest.mark.parametrize(
    ("marker", "tensorrt", "state", "advice"),
    [
        (None, False, State.ABSENT, "processor"),
        ("etc/nv_tegra_release", False, State.ABSENT, "apt install python3-libnvinfer"),
        ("proc/driver/nvidia/version", False, State.ABSENT, ".[tensorrt]"),
        ("proc/driver/nvidia/version", True, State.OK, ""),
    ],
)
def test_gpu(tmp_path, marker, tensorrt, state, advice):
    if marker:
        (tmp_path / marker).parent.mkdir(parents=True)
        (tmp_path / marker).touch()
    finding = backend_checks.check_gpu(has=lambda name: tensorrt, root=tmp_path)
    assert finding.state is state
    assert advice in finding.advice


def test_a_camera_driver_without_the_profile_is_warned_of(tmp_path):
    findings = checks.check_transport({}, tmp_path)
    assert states(findings)["image transport"] is State.WARNING
    assert "config/fastdds_shm.xml" in findings[0].advice
    assert doctor.can_run_node(findings)


def test_a_profile_counts_only_if_its_file_exists(tmp_path):
    profile = tmp_path / "profile.xml"
    assert checks.check_transport({WITH_PROFILE: str(profile)}, tmp_path)[0].state is State.WARNING
    profile.touch()
    assert checks.check_transport({WITH_PROFILE: str(profile)}, tmp_path)[0].state is State.OK


def test_another_middleware_is_left_alone(tmp_path):
    finding = checks.check_transport({"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"}, tmp_path)[0]
    assert finding.state is State.OK
    assert "rmw_cyclonedds_cpp" in finding.text


def test_segments_of_killed_processes_are_named(tmp_path):
    segment = tmp_path / "fastrtps_0123456789abcdef"
    segment.touch()
    finding = checks.check_transport({}, tmp_path)[-1]
    assert finding.state is State.WARNING
    assert "1 segment" in finding.text
    assert "fastdds shm clean" in finding.advice


def test_no_shared_memory_is_said(tmp_path):
    assert "does not exist" in checks.check_transport({}, tmp_path / "shm")[-1].text


def test_the_table_and_the_json_say_the_same():
    findings = [
        Finding("Python", State.OK, "3.11"),
        Finding("ROS 2", State.FAILURE, "rclpy is not installed", "Run `make setup`."),
    ]
    table = doctor.as_table(findings)
    assert "FAIL  ROS 2   rclpy is not installed" in table
    assert "-> Run `make setup`." in table
    parsed = json.loads(doctor.as_json(findings))
    assert parsed["can_run_node"] is False
    assert parsed["findings"][1] == {
        "topic": "ROS 2",
        "state": "failure",
        "text": "rclpy is not installed",
        "advice": "Run `make setup`.",
    }


def test_a_domain_that_does_not_exist_is_a_failure_of_the_probe(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "lab")
    result = checks.probe_ros()
    assert result.exit_code != 0
    assert "ROS domain lab does not exist" in result.stderr


@pytest.mark.ros
def test_the_probe_starts_a_node_that_speaks_the_interfaces():
    result = checks.probe_ros()
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["rmw"].startswith("rmw_")
