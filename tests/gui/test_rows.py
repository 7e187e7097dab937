"""The table model: any sequence of rows ends as the last one, and what stays is still where it was."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QIcon
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from zeligui.gui.rows import MOST_RANGES, Column, RowModel, RowRole, runs
from zeligui.gui.tones import brush
from zeligui.gui.views import Table

Role = Qt.ItemDataRole
UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
BUDGET_S, FILTER_S = 0.020, 0.050


@dataclass(frozen=True, slots=True)
class Job:
    id: int
    state: str = "running"
    cpu: float | None = 0.0


COLUMNS = (
    Column("Job", lambda job: f"job {job.id}", sort=lambda job: job.id, icon=lambda job: QIcon()),
    Column("State", lambda job: job.state, tone=lambda job: "bad" if job.state == "failed" else ""),
    Column("CPU", lambda job: f"{job.cpu}", sort=lambda job: job.cpu, numeric=True, tooltip=lambda job: "of one"),
)


def made(columns: Sequence[Column] = COLUMNS) -> RowModel:
    model = RowModel(columns, lambda job: job.id)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    return model


@pytest.fixture
def model(qapp: object) -> RowModel:
    return made()


def shown(model: RowModel) -> list[Job]:
    return [model.index(row, 0).data(RowRole) for row in range(model.rowCount())]


def jobs(count: int) -> tuple[Job, ...]:
    return tuple(Job(number) for number in range(count))


def told(model: RowModel) -> list[tuple[int, int]]:
    """The ranges of rows that are said to have changed, as they are said."""
    ranges: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: ranges.append((first.row(), last.row())))
    return ranges


def snapshot(rng: random.Random) -> tuple[Job, ...]:
    numbers = rng.sample(range(40), rng.randint(0, 40))
    return tuple(Job(n, rng.choice(["queued", "Running"]), rng.choice([None, *map(float, range(9))])) for n in numbers)


@pytest.mark.parametrize(("seed", "most"), [(0, MOST_RANGES), (1, MOST_RANGES), (2, 1), (3, 2)])
def test_any_sequence_of_snapshots_ends_as_the_last_one(
    seed: int, most: int, model: RowModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zeligui.gui.rows.MOST_RANGES", most)
    rng = random.Random(seed)
    accepts: Callable[[Job], bool] | None = None
    order: tuple[int, bool] | None = None
    for _ in range(60):
        if rng.random() < 0.2:
            column, descending = rng.choice([-1, 0, 1, 2]), rng.random() < 0.5
            order = (column, descending) if column >= 0 else None
            model.sort(column, DOWN if descending else UP)
        if rng.random() < 0.2:
            accepts = rng.choice([None, lambda job: job.id % 2 == 0, lambda job: job.cpu is None or job.cpu > 5])
            model.filter(accepts)
        kept = {job.id: QPersistentModelIndex(model.index(row, 1)) for row, job in enumerate(shown(model))}
        rows = snapshot(rng)
        model.show_rows(rows)
        wanted = [job for job in rows if accepts is None or accepts(job)]
        if order is not None:
            wanted = COLUMNS[order[0]].ordered(wanted, descending=order[1])
        assert shown(model) == wanted
        assert (model.shown, model.total) == (len(wanted), len(rows))
        for number, index in kept.items():
            assert index.isValid() == (number in {job.id for job in wanted})
            assert not index.isValid() or index.data(RowRole).id == number
            assert not index.isValid() or model.row_of(number) == index.row()


def test_the_same_rows_again_say_nothing(model: RowModel, qtbot: QtBot) -> None:
    model.show_rows(jobs(5))
    with qtbot.assertNotEmitted(model.dataChanged), qtbot.assertNotEmitted(model.counted):
        model.show_rows(jobs(5))


def test_rows_that_changed_side_by_side_are_one_range(model: RowModel) -> None:
    model.show_rows(jobs(9))
    ranges = told(model)
    model.show_rows([replace(job, state="done") if job.id in {2, 3, 7} else job for job in jobs(9)])
    assert ranges == [(2, 3), (7, 7)]


def test_many_scattered_changes_are_one_range(model: RowModel) -> None:
    rows = jobs(4 * MOST_RANGES)
    model.show_rows(rows)
    ranges = told(model)
    model.show_rows([replace(job, state="done") if job.id % 2 else job for job in rows])
    assert ranges == [(1, len(rows) - 1)]


def test_many_scattered_rows_leave_and_come_at_once(qtbot: QtBot) -> None:
    view = Table("Jobs", made(), (10, 10, 10))
    qtbot.addWidget(view)
    model = view.model()
    assert isinstance(model, RowModel)
    model.show_rows(jobs(200))
    view.selectRow(100)
    moved: list[tuple[int, int]] = []
    for signal in (model.rowsRemoved, model.rowsInserted):
        signal.connect(lambda _parent, first, last: moved.append((first, last)))
    model.filter(lambda job: job.id % 2 == 0)
    model.filter(None)
    assert moved == [(0, 99), (100, 199)]
    assert shown(model) == list(jobs(200))
    assert [index.data(RowRole).id for index in view.selectionModel().selectedRows()] == [100]
    model.filter(lambda job: job.id % 2 == 1)
    assert view.currentIndex().data(RowRole).id == 1, "the current row has gone: the first one follows it"


def test_counts_are_told_when_they_change(model: RowModel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.counted):
        model.show_rows(jobs(5))
    with qtbot.waitSignal(model.counted):
        model.filter(lambda job: job.id < 2)
    assert (model.shown, model.total) == (2, 5)
    with qtbot.waitSignal(model.counted):
        model.show_rows(jobs(6))  # as many are shown as before
    assert (model.shown, model.total) == (2, 6)


def test_a_key_leads_to_its_row_and_back(model: RowModel) -> None:
    model.show_rows(jobs(5))
    model.sort(0, DOWN)
    assert model.row_of(4) == 0
    assert model.key_at(0) == 4
    assert model.row_of(9) is None


def test_selection_current_row_and_scroll_position_stay(qtbot: QtBot) -> None:
    model = made()
    view = Table("Jobs", model, (10, 10, 10))
    qtbot.addWidget(view)
    model.show_rows(jobs(200))
    model.sort(0, UP)
    view.resize(400, 300)
    view.show()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in (50, 60):
        view.selectionModel().setCurrentIndex(model.index(row, 1), flags)
    view.scrollTo(model.index(60, 0))
    before = view.verticalScrollBar().value()
    model.show_rows([Job(n, "done", float(n)) for n in range(200) if n != 55])
    assert sorted(index.data(RowRole).id for index in view.selectionModel().selectedRows()) == [50, 60]
    assert view.currentIndex().data(RowRole).id == 60
    assert view.verticalScrollBar().value() == before
    model.sort(0, DOWN)
    assert view.currentIndex().data(RowRole).id == 60


def test_what_a_column_says(model: RowModel) -> None:
    model.show_rows((Job(1, "failed", 0.5),))

    def data(column: int, role: Any) -> Any:
        return model.index(0, column).data(role)

    assert [data(column, Role.DisplayRole) for column in range(3)] == ["job 1", "failed", "0.5"]
    assert data(1, Role.AccessibleTextRole) == "State: failed"
    assert data(1, Role.ForegroundRole) == brush("bad")
    assert data(0, Role.ForegroundRole) is None
    assert data(2, Role.ToolTipRole) == "of one"
    assert data(2, Role.TextAlignmentRole) == Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    assert isinstance(data(0, Role.DecorationRole), QIcon)
    assert data(1, Role.DecorationRole) is None
    assert model.headerData(1, Qt.Orientation.Horizontal) == "State"
    assert model.data(QModelIndex()) is None


KEYS: list[Any] = ["b", None, 3, "A", float("nan"), True, (1, "x"), 2.5, ("x", 1), b"bytes", None, 10**400, "c"]


@pytest.mark.parametrize("descending", [False, True])
def test_mixed_keys_are_put_in_order_the_unknown_last(descending: bool) -> None:
    column = Column("Any", repr, sort=lambda row: row)
    for seed in range(20):
        rows = random.Random(seed).sample(KEYS, len(KEYS))
        found = column.ordered(rows, descending=descending)
        assert [repr(one) for one in found[-3:] if one is not None] == ["nan"]
        texts = [one for one in found if isinstance(one, str)]
        assert texts == (["c", "b", "A"] if descending else ["A", "b", "c"])
        assert len(found) == len(rows)


def test_equal_keys_stay_in_the_order_of_the_rows() -> None:
    column = Column("Any", str, sort=lambda row: 0)
    assert column.ordered([3, 1, 2]) == column.ordered([3, 1, 2], descending=True) == [3, 1, 2]


def test_two_rows_with_one_key_are_refused_before_anything_is_said(model: RowModel) -> None:
    model.show_rows(jobs(2))
    with pytest.raises(ValueError, match="the same key"):
        model.show_rows((Job(1), Job(1)))
    assert shown(model) == list(jobs(2))


def test_runs_are_ranges_without_a_gap() -> None:
    assert runs([1, 2, 3, 7]) == [(1, 3), (7, 7)]
    assert runs([]) == []


def quickest(work: Callable[[], object], times: int = 7) -> float:
    """The least processor time of several: what others do on this machine counts as little as can be."""
    taken = []
    for _ in range(times):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return min(taken)


def test_ten_thousand_rows_are_renewed_and_filtered_in_time(qapp: object) -> None:
    rng = random.Random(5)
    model = RowModel(COLUMNS, lambda job: job.id)
    rows = [Job(number, cpu=rng.random()) for number in range(10_000)]
    model.show_rows(tuple(rows))
    model.sort(2, DOWN)

    def renew() -> None:
        for place in rng.sample(range(len(rows)), 125):
            rows[place] = replace(rows[place], cpu=rng.random())
        model.show_rows(tuple(rows))

    assert quickest(renew) < BUDGET_S
    assert quickest(lambda: model.filter(lambda job: "7" in f"{job.id}")) < FILTER_S
    assert model.shown < model.total
    assert quickest(lambda: (model.filter(lambda job: job.id == 7), model.filter(None))) < FILTER_S
