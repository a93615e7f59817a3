# `make` says what there is. All of it works in .venv and build/, which `make clean` removes.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash

# The Python to make .venv with, 3.10 to 3.12; empty takes the first that fits.
export PYTHON ?=
# Where pip would choose a torch of many gigabytes for CUDA, point it at an index of CPU builds (PIP_EXTRA_INDEX_URL).
TORCH ?= torch==2.13.0
PYTEST_ARGS ?=

VENV := .venv
PIP_INSTALL := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --constraint $(VENV)/constraints.txt
# By where ROS 2 comes from: sourcing a distribution, or not sourcing it any more, makes another environment.
STAMPS := $(VENV)/stamps/$(or $(ROS_DISTRO),wheels)
INTERFACES := CMakeLists.txt package.xml $(wildcard msg/*.msg srv/*.srv action/*.action scripts/*.in)

.PHONY: help setup demo test lint format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMPS)/interfaces ## virtual environment, ROS 2, this package's interfaces; the command line is .venv/bin/ris

demo: setup ## the main job end to end on real ROS 2: sample drive, node, commands, overlay pictures
	$(VENV)/bin/ris demo

test: $(STAMPS)/dev ## every test
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

lint: $(STAMPS)/dev ## ruff and mypy
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(STAMPS)/dev ## let ruff write the layout
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

clean: ## remove .venv, build/ and what tools left
	rm -rf $(VENV) build install log *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMPS)/venv: scripts/make_venv.sh scripts/mend_wheels.py scripts/ris_ros_environment.py requirements/ros-jazzy.txt requirements/no-deps.txt pyproject.toml
	@scripts/make_venv.sh
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/interfaces: $(STAMPS)/venv scripts/build_interfaces.sh $(INTERFACES)
	@scripts/build_interfaces.sh
	@touch $@

$(STAMPS)/dev: $(STAMPS)/interfaces pyproject.toml
	@echo "setup: what tests and training need"
	@$(VENV)/bin/python -c 'import torch' 2>/dev/null || $(PIP_INSTALL) '$(TORCH)'
	@$(PIP_INSTALL) --editable '.[ros,openvino-int8,train,sim,peers,dev]'
	@touch $@
