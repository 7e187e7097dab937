"""What `make install` puts into a user's home, and that `make uninstall` takes out just that."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "resources"
STRANGE = 'it\'s "my" grid $HOME `50` \\n'
TYPES = ("application/x-zeligrid-contract", "application/x-zeligrid-experiment")
SPEC_1_5 = ("Version=1.5", "SingleMainWindow=")
"""What Debian 12's desktop-file-validate does not know yet."""
TOOLS = ("update-mime-database", "update-desktop-database", "gtk-update-icon-cache", "xdg-mime")


class Installation:
    """A checkout whose path needs quoting, a home, and a desktop that notes what it is told."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home of mine"
        self.checkout = folder / STRANGE
        self.program = self.checkout / ".venv" / "bin" / "zeligrid"
        self.told = folder / "told"
        self._tools = folder / "tools"
        self.home.mkdir()
        shutil.copytree(RESOURCES, self.checkout / "resources")
        shutil.copytree(ROOT / "scripts", self.checkout / "scripts")
        script(self.program, "#!/bin/sh\necho started\n")
        for tool in TOOLS:
            script(self._tools / tool, f'#!/bin/sh\necho "${{0##*/}} $*" >>{shlex.quote(str(self.told))}\n')

    def run(self, *words: str) -> str:
        """What scripts/install prints; it must succeed."""
        environment = {"HOME": str(self.home), "PATH": f"{self._tools}:{os.environ['PATH']}"}
        ended = subprocess.run(
            [self.checkout / "scripts" / "install", *words],
            env=environment, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout

    def files(self) -> dict[str, tuple[int, bytes]]:
        """The files in the home: when each was written, and what with."""
        found = [one for one in self.home.rglob("*") if one.is_file()]
        return {str(one.relative_to(self.home)): (one.lstat().st_mtime_ns, one.read_bytes()) for one in found}


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_all_is_put_where_a_desktop_looks(installation: Installation):
    said = installation.run()
    assert set(installation.files()) == {
        ".local/bin/zeligrid",
        ".local/share/applications/zeligrid.desktop",
        ".local/share/icons/hicolor/scalable/apps/zeligrid.svg",
        ".local/share/metainfo/org.zeligrid.ZeliGrid.metainfo.xml",
        ".local/share/mime/packages/zeligrid.xml",
    }
    assert (installation.home / ".local/bin/zeligrid").readlink() == installation.program
    assert "make uninstall" in said
    told = installation.told.read_text()
    for type_ in TYPES:
        assert f"xdg-mime default zeligrid.desktop {type_}\n" in told


def test_the_menu_starts_a_program_whose_path_has_blanks_and_quotes(installation: Installation):
    installation.run()
    entry = (installation.home / ".local/share/applications/zeligrid.desktop").read_text()
    lines = dict(line.split("=", 1) for line in entry.splitlines() if "=" in line)
    (first, *others) = as_a_desktop_reads(lines["Exec"])
    assert (first, others) == (str(installation.program), ["%F"])
    assert unescaped(lines["TryExec"]) == str(installation.program)


def test_a_second_run_changes_nothing(installation: Installation):
    installation.run()
    before = installation.files()
    assert "written" not in installation.run()
    assert installation.files() == before


def test_undoing_removes_just_what_was_put_there(installation: Installation):
    for name in (".config/mimeapps.list", ".local/bin/other", ".local/share/applications/other.desktop"):
        (installation.home / name).parent.mkdir(parents=True, exist_ok=True)
        (installation.home / name).write_text("[Default Applications]\ntext/plain=other.desktop\n")
    before = {name: content for name, (_, content) in installation.files().items()}
    installation.run()
    with (installation.home / ".config/mimeapps.list").open("a") as defaults:  # as xdg-mime writes
        defaults.writelines(f"{type_}=zeligrid.desktop\n" for type_ in TYPES)
    installation.run("undo")
    assert {name: content for name, (_, content) in installation.files().items()} == before
    assert "removed" not in installation.run("undo")


def test_a_command_of_that_name_which_is_another_program_is_left_alone(installation: Installation):
    other = installation.home / ".local/bin/zeligrid"
    script(other, "another\n")
    assert f"left     {other}" in installation.run()
    installation.run("undo")
    assert other.read_text() == "another\n"


def test_without_an_environment_it_says_what_to_type(installation: Installation):
    installation.program.unlink()
    ended = subprocess.run(
        [installation.checkout / "scripts" / "install"],
        env={**os.environ, "HOME": str(installation.home)}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "make install" in ended.stderr
    assert installation.files() == {}


def test_the_types_of_files_are_the_same_everywhere():
    kinds = ElementTree.parse(RESOURCES / "zeligrid-mime.xml").getroot()
    space = {"": "http://www.freedesktop.org/standards/shared-mime-info"}
    assert tuple(one.get("type") for one in kinds.iterfind("mime-type", space)) == TYPES
    patterns = [one.get("pattern") for one in kinds.iterfind("mime-type/glob", space)]
    assert patterns == ["*.contract", "*.experiment.toml", "*.experiment"]
    assert f"MimeType={';'.join(TYPES)};\n" in (RESOURCES / "zeligrid.desktop").read_text()
    notice = ElementTree.parse(RESOURCES / "org.zeligrid.ZeliGrid.metainfo.xml").getroot()
    assert tuple(one.text for one in notice.iterfind("provides/mediatype")) == TYPES


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="needs desktop-file-validate")
def test_the_desktop_entry_is_valid(installation: Installation, tmp_path: Path):
    installation.run()
    for file in (RESOURCES / "zeligrid.desktop", installation.home / ".local/share/applications/zeligrid.desktop"):
        old, lines = tmp_path / "zeligrid.desktop", file.read_text().splitlines(keepends=True)
        old.write_text("".join(line for line in lines if not line.startswith(SPEC_1_5)))
        ended = subprocess.run(["desktop-file-validate", old], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout


@pytest.mark.skipif(not shutil.which("appstreamcli"), reason="needs appstreamcli")
def test_the_notice_for_software_centres_is_valid():
    notice = RESOURCES / "org.zeligrid.ZeliGrid.metainfo.xml"
    ended = subprocess.run(
        ["appstreamcli", "validate", "--no-net", notice], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout


def script(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


def as_a_desktop_reads(line: str) -> list[str]:
    """The arguments of an Exec line: escapes of strings are resolved, then the quotes are (Desktop Entry Spec. 1.5)."""
    words = re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', unescaped(line))
    return [re.sub(r'\\(["`$\\])', r"\1", quoted).replace("%%", "%") or bare for quoted, bare in words]


def unescaped(text: str) -> str:
    return text.replace("\\\\", "\\")
