"""What comes with the program, and the demo's own copy of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zeligui.errors import UsageError
from zeligui.shipped import DEMO, copy_of_demo, shipped


def test_what_is_shipped_is_found():
    assert (shipped("contracts") / "demo.toml").is_file()
    with pytest.raises(UsageError, match="colours is missing"):
        shipped("colours")


def test_the_demo_is_copied_and_what_is_as_it_should_be_is_left_alone(tmp_path: Path):
    experiment = copy_of_demo(tmp_path / "demo")
    assert experiment == tmp_path / "demo" / "demo.toml"
    assert sorted(one.name for one in (tmp_path / "demo").iterdir()) == sorted(DEMO)
    (tmp_path / "demo" / "steps.py").write_text("changed")
    os.utime(experiment, (1, 1))
    copy_of_demo(tmp_path / "demo")
    assert experiment.stat().st_mtime == 1
    assert (tmp_path / "demo" / "steps.py").read_bytes() == (shipped("contracts") / "steps.py").read_bytes()
