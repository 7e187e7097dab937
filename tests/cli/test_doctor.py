"""`zeligrid doctor` and `zeligrid adaptors`: what is found, what mends it, and the exit status."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.globus import Site
from tests.links.gsi.authority import Authority
from tests.servers import OpenSsh, make_key
from tests.slurm import Slurm
from zeligui.cli import main
from zeligui.testbed.grid import Grid

Capture = pytest.CaptureFixture[str]


def look(capsys: Capture, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status of `doctor`, and its checks by their step."""
    status = main(["doctor", "--json", *words])
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is (status == 0)
    return status, {check["step"]: check for check in said["checks"]}


def keys(server: OpenSsh | Grid) -> list[str]:
    return ["--known-hosts", str(server.known_hosts), "--identity", str(server.identity)]


def test_this_machine_is_looked_at_without_a_url(capsys: Capture) -> None:
    status, checks = look(capsys)
    assert status == 0, checks
    assert {"packages", "adaptors", "home", "settings", "key", "agent", "proxy"} <= checks.keys()
    assert checks["key"]["status"] == "unneeded"


def test_every_source_of_the_settings_is_looked_at(own_home: Path, capsys: Capture, closed_port: int) -> None:
    home = own_home / "zeligrid"
    home.mkdir()
    (home / "settings.toml").write_text('sources = ["local://", "file:///nowhere/hosts.json"]\n')
    status, checks = look(capsys)
    assert status == 1
    assert checks["directory"]["of"] == "local://"
    assert checks["file"]["status"] == "missing"


def test_it_is_3_where_no_source_can_be_reached(own_home: Path, capsys: Capture, closed_port: int) -> None:
    home = own_home / "zeligrid"
    home.mkdir()
    (home / "settings.toml").write_text(f'sources = ["ldap://127.0.0.1:{closed_port}/o=grid"]\n')
    status, checks = look(capsys)
    assert (status, checks["route"]["status"]) == (3, "unreachable")


def test_settings_that_cannot_be_read_are_a_finding(own_home: Path, capsys: Capture) -> None:
    home = own_home / "zeligrid"
    home.mkdir()
    (home / "settings.toml").write_text("sources = 3\n")
    status, checks = look(capsys)
    assert status == 1
    assert str(home / "settings.toml") in checks["settings"]["says"]


def test_all_is_well_on_a_machine_behind_openssh(openssh: Callable[..., OpenSsh], capsys: Capture) -> None:
    server = openssh()
    status, checks = look(capsys, server.url, *keys(server))
    assert status == 0, checks
    good = ("ssh config", "key", "route", "host key", "login", "files", "shell", "python3", "directory")
    assert [name for name in checks if checks[name]["status"] == "good"] == list(good)
    assert str(server.home) in checks["directory"]["says"]
    assert not (server.home / ".zeligrid").exists(), "it only looks"


def test_all_is_well_on_a_node_of_the_grid(grid: Grid, capsys: Capture) -> None:
    status, checks = look(capsys, grid.sources[0], *keys(grid))
    assert status == 0, checks


def test_a_host_key_that_is_unknown_comes_with_the_line_that_accepts_it(
    openssh: Callable[..., OpenSsh], capsys: Capture
) -> None:
    server = openssh()
    status, checks = look(capsys, server.url, "--identity", str(server.identity))
    assert (status, checks["host key"]["status"]) == (1, "missing")
    assert f"[127.0.0.1]:{server.port} ssh-ed25519 " in checks["host key"]["mend"]
    assert "login" not in checks


def test_a_login_that_is_refused_comes_with_what_lets_it_in(
    openssh: Callable[..., OpenSsh], tmp_path: Path, capsys: Capture
) -> None:
    server = openssh()
    other = make_key(tmp_path / "other")
    status, checks = look(capsys, server.url, "--known-hosts", str(server.known_hosts), "--identity", str(other))
    assert (status, checks["host key"]["status"], checks["login"]["status"]) == (1, "good", "missing")
    assert checks["login"]["mend"] == f"ssh-copy-id -p {server.port} 127.0.0.1"


def test_a_key_that_others_can_read_and_one_that_is_locked_are_said_and_not_used(
    openssh: Callable[..., OpenSsh], tmp_path: Path, capsys: Capture
) -> None:
    server = openssh()
    good = tmp_path / "good"
    shutil.copy(server.identity, good)
    good.chmod(0o600)
    server.identity.chmod(0o644)
    locked = make_key(tmp_path / "locked", passphrase="open sesame")
    status, checks = look(capsys, server.url, "--identity", str(locked), *keys(server))
    assert status == 1
    assert checks["permissions"]["mend"] == f"chmod 600 {server.identity}"
    assert checks["key"]["status"] == "missing"
    assert "encrypted, and no agent holds it" in checks["key"]["says"]
    assert "Accepted" not in server.log()
    status, checks = look(capsys, server.url, *keys(server), "--identity", str(good))
    assert status == 1
    assert checks["directory"]["status"] == "good", "it is looked at to the end"
    server.identity.chmod(0o600)


@pytest.mark.parametrize("scheme", ["ssh", "any"])
def test_a_closed_port_could_not_be_reached(
    scheme: str, closed_port: int, openssh: Callable[..., OpenSsh], capsys: Capture
) -> None:
    server = openssh()
    status, checks = look(capsys, f"{scheme}://127.0.0.1:{closed_port}", *keys(server))
    assert (status, checks["route"]["status"]) == (3, "unreachable")


def test_without_a_key_the_line_that_makes_one_is_shown(closed_port: int, capsys: Capture) -> None:
    assert main(["doctor", f"ssh://127.0.0.1:{closed_port}"]) == 3
    assert "ssh-keygen -t ed25519\n" in capsys.readouterr().out


def test_a_directory_that_cannot_be_written_is_said(openssh: Callable[..., OpenSsh], capsys: Capture) -> None:
    server = openssh()
    (server.home / ".zeligrid").write_text("a file, where a folder should be\n")
    status, checks = look(capsys, server.url, *keys(server))
    assert (status, checks["directory"]["status"]) == (1, "missing")


def test_one_way_is_enough_for_any(capsys: Capture) -> None:
    status, checks = look(capsys, "any://localhost")
    assert status == 0
    assert checks["credential"]["status"] == "missing", "ssh has no key, and is not needed"


def test_a_scheme_that_nothing_knows_is_missing(capsys: Capture) -> None:
    status, checks = look(capsys, "condor://schedd")
    assert (status, checks["adaptor"]["status"]) == (1, "missing")
    assert "ssh://" in checks["adaptor"]["mend"]


def test_what_is_no_url_is_wrong_usage(capsys: Capture) -> None:
    assert main(["doctor", "lab1"]) == 2
    assert main(["doctor", "ssh://-oProxyCommand=x"]) == 2


def test_the_time_that_a_proxy_has_left_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    certificate, key = Authority(tmp_path / "certificates").user(tmp_path, passphrase=b"open sesame")
    proxy = tmp_path / "proxy"
    monkeypatch.setenv("X509_USER_PROXY", str(proxy))
    monkeypatch.setattr("sys.stdin", io.StringIO("open sesame\n"))
    made = ["proxy", "init", "--valid", "2 h", "--pass-stdin", "--cert", str(certificate), "--key", str(key)]
    assert main(made) == 0
    capsys.readouterr()
    _, checks = look(capsys)
    assert checks["proxy"]["status"] == "good"
    assert "1 h 59 min more" in checks["proxy"]["says"]
    proxy.chmod(0o644)
    status, checks = look(capsys)
    assert (status, checks["proxy"]["status"]) == (1, "missing")
    assert f"chmod 600 {proxy}" in checks["proxy"]["mend"]


def test_all_is_well_on_a_grid_site_and_its_files(site: Site, capsys: Capture) -> None:
    status, checks = look(capsys, f"gram://{site.contact}")
    assert status == 0, checks
    assert [*checks] == ["proxy", "authorities", "package", "route", "answer"]
    status, checks = look(capsys, site.gridftp)
    assert status == 0, checks
    assert [*checks] == ["proxy", "authorities", "package", "route", "files"]


def test_what_a_grid_site_lacks_is_said_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed_port: int, capsys: Capture
) -> None:
    monkeypatch.setenv("X509_USER_PROXY", str(tmp_path / "gone"))
    monkeypatch.setenv("X509_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    for url in (f"gram://127.0.0.1:{closed_port}/jobmanager-fork", f"gsiftp://127.0.0.1:{closed_port}/"):
        status, checks = look(capsys, url)
        assert status == 3
        assert {name: check["status"] for name, check in checks.items()} == {
            "proxy": "missing",
            "authorities": "missing",
            "package": "missing",
            "route": "unreachable",
        }
        assert all(check["mend"] for check in checks.values())
    _, checks = look(capsys, url, "--only-contexts")
    assert checks["proxy"]["mend"] == "Give it one: --context proxy"


def test_all_is_well_on_a_cluster_here_and_behind_a_login(
    slurm: Slurm, openssh: Callable[..., OpenSsh], capsys: Capture
) -> None:
    status, checks = look(capsys, "slurm:///batch")
    assert status == 0, checks
    assert checks["slurm"]["says"].startswith("Slurm ")
    status, checks = look(capsys, "slurm:///none")
    assert (status, checks["slurm"]["status"]) == (1, "missing")
    server = openssh(options=[f"SetEnv SLURM_CONF={slurm.configuration}"])
    status, checks = look(capsys, server.url.replace("ssh://", "slurm+ssh://"), *keys(server))
    assert status == 0, checks
    assert {"key", "host key", "login", "shell", "slurm"} <= checks.keys()


def test_a_machine_without_slurm_says_what_to_install(
    openssh: Callable[..., OpenSsh], tmp_path: Path, capsys: Capture
) -> None:
    server = openssh(options=[f"SetEnv SLURM_CONF={tmp_path}/none"])
    status, checks = look(capsys, server.url.replace("ssh://", "slurm+ssh://"), *keys(server))
    assert (status, checks["slurm"]["status"]) == (1, "missing")
    assert checks["slurm"]["mend"]


def test_files_of_a_machine_are_looked_at_by_sftp(openssh: Callable[..., OpenSsh], capsys: Capture) -> None:
    server = openssh()
    status, checks = look(capsys, f"{server.url.replace('ssh://', 'sftp://')}/etc", *keys(server))
    assert status == 0, checks
    assert checks["files"]["status"] == "good"


def test_adaptors_say_what_each_can_do(capsys: Capture) -> None:
    assert main(["adaptors", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    jobs = {one["scheme"]: one for one in said["jobs"]}
    assert [*jobs] == ["any", "local", "ssh", "slurm", "slurm+ssh", "gram"]
    assert all(jobs["ssh"]["can"].values())
    assert not jobs["gram"]["can"]["stdin"]
    assert {"file", "ldap", "ldaps", "local", "ssh"} <= {one["scheme"] for one in said["sources"]}
    assert [one["scheme"] for one in said["files"]] == ["file", "gsiftp", "sftp"]
    assert main(["adaptors"]) == 0
    assert "ssh://" in capsys.readouterr().out


def test_sources_and_files_say_what_they_are_for(capsys: Capture) -> None:
    assert main(["adaptors", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for one in (*found["sources"], *found["files"]):
        assert one["for"], one
    assert main(["adaptors"]) == 0
    assert "a file of hosts" in capsys.readouterr().out
