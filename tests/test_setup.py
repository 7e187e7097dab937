"""What the set-up does about packages that the system lacks, for a user who may not install any."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STEPS = 'source <(sed "\\$d" "$0"); policy=$PWD/policy; find_python; add_system_packages; echo going on'
"""The script without its last line, which runs all of it."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout, and an ordinary user who has apt-get but must not use it."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "setup").write_bytes((ROOT / "scripts" / "setup").read_bytes())
    for name, words in {"id": "echo 1000", "sudo": "exit 1", "apt-get": "echo used; exit 100"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{words}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_a_package_that_the_window_wants_is_named_and_the_set_up_goes_on(checkout: Path):
    ended = set_up(checkout, "libwish0 run wish library libwish.so.0 # a", "libc6 run wish library libc.so.6 # b")
    assert (ended.returncode, ended.stdout) == (0, "going on\n")
    assert "apt-get install -y libwish0\n" in ended.stderr


def test_a_package_that_all_needs_is_named_and_the_set_up_ends(checkout: Path):
    ended = set_up(checkout, "needed run install command -v no-such-program # a")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "apt-get install -y needed\n" in ended.stderr


def test_what_only_tests_want_is_no_concern_of_running(checkout: Path):
    ended = set_up(checkout, "xvfb test wish command -v no-such-program # a")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "going on\n", "")


SERVER = "sinkd run server command -v no-such-program # a"


@pytest.mark.parametrize(("user", "ci"), [("0", ""), ("1000", "true")])
def test_a_server_is_left_out_where_it_might_stay_with_somebody(checkout: Path, user: str, ci: str):
    become(checkout, user)
    ended = set_up(checkout, SERVER, ci=ci)
    assert (ended.returncode, ended.stdout) == (0, "going on\n")
    assert "Left out, since installing them would start servers here: sinkd\n" in ended.stderr


@pytest.mark.parametrize("before", ["", "#!/bin/sh\nexit 104\n"])
def test_a_server_is_installed_in_ci_and_kept_from_starting(checkout: Path, before: str):
    become(checkout, "0", apt="[ $1 = update ] || { ./policy; echo the policy said $? >&2; }")
    if before:
        (checkout / "policy").write_text(before)
    ended = set_up(checkout, SERVER, ci="true")
    assert (ended.returncode, ended.stdout) == (0, "going on\n")
    assert "the policy said 101\n" in ended.stderr
    assert ((checkout / "policy").read_text() if (checkout / "policy").exists() else "") == before


def test_what_may_start_is_as_before_where_a_server_could_not_be_installed(checkout: Path):
    become(checkout, "0", apt="exit 100")
    ended = set_up(checkout, SERVER, ci="true")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert not (checkout / "policy").exists()


def become(checkout: Path, user: str, *, apt: str = "echo used; exit 100") -> None:
    """Let the set-up believe that it is run by this user, and that this is apt-get."""
    (checkout / "id").write_text(f"#!/bin/sh\necho {user}\n")
    (checkout / "apt-get").write_text(f"#!/bin/sh\n{apt}\n")


def set_up(checkout: Path, *packages: str, ci: str = "") -> subprocess.CompletedProcess[str]:
    """Run the part of the set-up that sees to the system's packages, for `make run`."""
    (checkout / "scripts" / "system-packages.txt").write_text("".join(f"{line}\n" for line in packages))
    return subprocess.run(
        ["bash", "-c", STEPS, checkout / "scripts" / "setup", "run"],
        env={**os.environ, "CI": ci, "PATH": f"{checkout}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
