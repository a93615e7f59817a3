#!/usr/bin/env bash
# Makes .venv: a Python that fits, ROS 2 (the sourced distribution's, or wheels), and this package's lean runtime.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf 'setup: %s\n' "$1" >&2; exit 1; }

fits() { "$1" -c 'import sys; raise SystemExit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }

# The one that was asked for; else the one that .venv was made with; else the first of this machine that fits.
fitting_python() {
  local candidate
  if [ -n "${PYTHON:-}" ]; then
    fits "$PYTHON" || fail "'$PYTHON' is not a Python of version 3.10 to 3.12: name one that is."
    echo "$PYTHON"
    return
  fi
  for candidate in "$(readlink -f .venv/bin/python)" python3 python3.12 python3.11 python3.10; do
    if [ -n "$candidate" ] && fits "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  fail "no Python 3.10 to 3.12 was found: install one, or name it with 'make PYTHON=/path/to/python3 setup'."
}

for tool in cmake c++; do
  command -v "$tool" >/dev/null || fail "'$tool' is missing: install cmake and a C++ compiler, then run this again."
done

python=$(fitting_python)
ros=wheels
if [ -n "${ROS_DISTRO:-}" ]; then
  "$python" -c 'import rclpy' 2>/dev/null ||
    fail "ROS 2 $ROS_DISTRO is sourced but $python cannot import its rclpy: use its own Python with 'make PYTHON=/usr/bin/python3 setup', or a shell where it is not sourced."
  ros=$ROS_DISTRO
elif [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
  fail "ROS 2 wheels exist for Linux on x86-64 only: install ROS 2, source its setup.bash, then run this again."
fi

# A venv that was made for the other kind of ROS 2, or by another Python, cannot be mended.
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
made_for=$(cat .venv/made_for 2>/dev/null || true)
if [ "$made_for" != "$ros python$version" ]; then
  rm -rf .venv build
  site=()
  [ "$ros" = wheels ] || site=(--system-site-packages)
  "$python" -m venv ${site[@]+"${site[@]}"} .venv ||
    fail "$python cannot make a virtual environment: install its venv module (on Debian and Ubuntu: apt install python3-venv)."
fi

# Compiled message classes load only with the major version of numpy that they were built with: 2 in the wheels.
numpy=2
[ "$ros" = wheels ] || numpy=$("$python" -c 'import numpy; print(numpy.__version__.split(".")[0])')
echo "numpy>=$numpy,<$((numpy + 1))" >.venv/constraints.txt

# Bytecode is written when a module is first imported: compiling all that is installed would add some 50 MB.
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@" --no-compile --use-pep517 --constraint .venv/constraints.txt; }

if [ "$ros" = wheels ]; then
  echo "setup: ROS 2 Jazzy wheels"
  pip install -r requirements/ros-jazzy.txt
  .venv/bin/python scripts/mend_wheels.py
else
  echo "setup: ROS 2 $ros of this machine"
  command -v colcon >/dev/null || pip install "colcon-common-extensions>=0.3,<0.4"
fi
echo "setup: the lean runtime"
pip install --editable '.[ros,openvino]'
pip install --no-deps -r requirements/no-deps.txt

# Startup hook: see the file that is copied. Hooks run by name: the wheels' own, which also sets LD_LIBRARY_PATH and
# starts the process again, comes first, so that this one need not.
.venv/bin/python - <<'PYTHON'
import pathlib, shutil, sysconfig

site_packages = pathlib.Path(sysconfig.get_path("purelib"))
shutil.copy("scripts/ris_ros_environment.py", site_packages)
call = f"prepare({str(pathlib.Path.cwd())!r}, {str(site_packages)!r})"
(site_packages / "zz_ris_ros_environment.pth").write_text(f"import ris_ros_environment; ris_ros_environment.{call}\n")
PYTHON
echo "$ros python$version" >.venv/made_for
