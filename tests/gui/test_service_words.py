"""Services and staging in few words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.snapshots import job
from zeligui.experiment.state import Phase
from zeligui.files.progress import Progress
from zeligui.gui.service_words import percent, progress_words, service_words, staging_words
from zeligui.gui.staging_line import StagingLine


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", ""),
        ("local://", "local"),
        ("ssh://ana@lab1:2222", "ssh"),
        ("slurm+ssh://cluster/short", "slurm+ssh/short"),
        ("slurm:///long", "slurm/long"),
        ("gram://site.example.org:2119/jobmanager-slurm", "gram/slurm"),
        ("nonsense\x1b", "nonsense␛"),
    ],
)
def test_a_service_is_named_by_how_it_gets_there(url: str, words: str) -> None:
    assert service_words(url) == words


@pytest.mark.parametrize(
    ("progress", "share", "words"),
    [
        (Progress("a", 0, 0, 1, 4), "25 %", "a, 1 of 4 files"),
        (Progress("a", 999, 1000, 0, 1), "99 %", "a, 999 bytes of 1 kB, 0 of 1 file"),
        (Progress("", 0, 0, 0, 0), "100 %", "0 of 0 files"),
        (Progress("b\n", 5000, 5000, 2, 2), "100 %", "b␊, 5 kB of 5 kB, 2 of 2 files"),
    ],
)
def test_how_far_a_copy_is(progress: Progress, share: str, words: str) -> None:
    assert (percent(progress), progress_words(progress)) == (share, words)


def test_which_way_files_go_is_told_by_the_attempt() -> None:
    going = job(staging=Progress("a", 1, 2, 0, 1))
    assert going.attempt
    assert staging_words(job()) == ""
    assert staging_words(going).startswith("Files are copied there: ")
    ended = replace(going, attempt=replace(going.attempt, phase=Phase.ENDED))
    assert staging_words(ended).startswith("Files come home: ")


def test_the_line_is_there_only_while_files_are_on_their_way(qtbot: QtBot) -> None:
    line = StagingLine()
    qtbot.addWidget(line)
    line.show_staging(job())
    assert line.isHidden()
    line.show_staging(job(staging=Progress("a", 1, 2, 0, 1)))
    assert not line.isHidden()
    assert (line.bar.value(), line.bar.text()) == (500, "50 %")
    line.show_staging(None)
    assert line.isHidden()
