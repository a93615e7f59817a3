"""Every source by its name: opened lazily, missed in one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ris_ros.data.origins import ORIGINS
from ris_ros.data.sources import SOURCES, parse_source
from ris_ros.errors import ConfigError, DataError


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "scenes"])
def test_a_source_that_is_not_there_says_where_to_get_it(name, tmp_path):
    for split in ORIGINS[name].splits:
        with pytest.raises(DataError) as caught:
            SOURCES[name](tmp_path, split)
        said = str(caught.value)
        assert str(tmp_path) in said and ORIGINS[name].title in said and "<root>" in said and "\n" not in said
        assert said.count(". ") == 0 and said.endswith(".")


def test_missing_scenes_are_said_too(tmp_path):
    with pytest.raises(DataError, match="ris data render"):
        SOURCES["scenes"](tmp_path, "train")


def test_every_origin_has_a_source():
    assert set(SOURCES) == set(ORIGINS)
    assert all(SOURCES[name].origin is ORIGINS[name] for name in SOURCES)


def test_naming_sources_loads_no_reader():
    program = "import sys, ris_ros.data.sources; print(*[m for m in sys.modules if 'published' in m or 'camvid' in m])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_a_name_and_a_folder_are_read():
    name, folder = parse_source("refcoco+=data/a=b")
    assert name == "refcoco+" and str(folder) == "data/a=b"


@pytest.mark.parametrize("argument", ["refcoco", "refcoco=", "moon=/x", "=x", ""])
def test_anything_else_is_refused_with_the_names(argument):
    with pytest.raises(ConfigError, match="NAME=FOLDER with NAME one of camvid"):
        parse_source(argument)
