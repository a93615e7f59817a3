#!/usr/bin/env bash
# Builds this package's messages, services and actions with colcon and installs the package into .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=$PWD/.venv
if grep -q '^wheels' .venv/made_for; then
  # Nothing of a ROS 2 that happens to be sourced may reach the build.
  unset PYTHONPATH COLCON_PREFIX_PATH
  export AMENT_PREFIX_PATH=$venv CMAKE_PREFIX_PATH=$venv LD_LIBRARY_PATH=$venv/lib
fi
export PATH=$venv/bin:$PATH

echo "setup: this package's interfaces (colcon, about half a minute)"
mkdir -p build
# Links in place of copies: an edited file under ris_ros/, config/ or launch/ counts without another build.
if ! colcon --log-base build/log build --paths . --merge-install --symlink-install \
  --build-base build/colcon --install-base "$venv" --event-handlers console_cohesion- \
  --cmake-args -DPython3_EXECUTABLE="$venv/bin/python" -DBUILD_TESTING=OFF \
  '-DCMAKE_INSTALL_RPATH=$ORIGIN;$ORIGIN/../../..' >build/colcon.log 2>&1; then
  tail -n 60 build/colcon.log >&2
  echo "setup: colcon could not build this package; the whole story is in build/colcon.log." >&2
  exit 1
fi
.venv/bin/python -c 'import ris_ros.action, ris_ros.msg, ris_ros.srv'
