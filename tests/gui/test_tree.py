"""The tree model: any sequence of forests ends as the last one, and only what is opened is grown."""

from __future__ import annotations

import random
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from tests.gui.test_rows import BUDGET_S, FILTER_S, quickest
from zeligui.gui.rows import MOST_RANGES, Column, RowRole
from zeligui.gui.tree import Node, TreeModel
from zeligui.gui.views import Tree

Row = tuple[Any, Any]
Forest = tuple[Node, ...]
COLUMNS = (Column("Name", lambda row: str(row[0])), Column("Value", lambda row: str(row[1]), numeric=True))


def made() -> TreeModel:
    model = TreeModel(COLUMNS)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    tester.setUseFetchMore(False)  # it would open all there is, each time it looks
    return model


@pytest.fixture
def model(qapp: object) -> TreeModel:
    return made()


@pytest.fixture
def view(qtbot: QtBot) -> Tree:
    tree = Tree("Forest", made(), (10, 10))
    qtbot.addWidget(tree)
    tree.resize(300, 200)
    tree.show()
    return tree


def leaf(key: Hashable, value: Any = 0) -> Node:
    return Node(key, (key, value))


def lazy(key: Hashable, *below: Node, value: Any = 0) -> Node:
    return Node(key, (key, value), grow=lambda: below)


def model_of(view: Tree) -> TreeModel:
    model = view.model()
    assert isinstance(model, TreeModel)
    return model


def expand(view: Tree, *path: Hashable) -> None:
    """Open a node, as a click on what has been laid out does."""
    view.doItemsLayout()
    view.expand(model_of(view).index_of(path))


def shown(model: TreeModel, parent: QModelIndex | None = None) -> list[tuple[Row, Any]]:
    """All rows that are there, with those below them, opening nothing."""
    parent = parent or QModelIndex()
    indexes = [model.index(row, 0, parent) for row in range(model.rowCount(parent))]
    return [(index.data(RowRole), shown(model, index)) for index in indexes]


def wanted(forest: Forest, opened: frozenset[tuple[Hashable, ...]], path: tuple[Hashable, ...] = ()) -> Any:
    """What is to be shown of a forest in which those paths were opened."""
    below = []
    for node in forest:
        here = (*path, node.key)
        children = node.children
        if node.grow:
            children = node.grow() if here in opened else ()
        below.append((node.row, wanted(children, opened, here)))
    return below


def grown(rng: random.Random, depth: int = 0) -> Forest:
    """A forest whose nodes are lazy or not by their keys, as those of the panes are."""
    made_nodes = []
    for key in rng.sample(range(8), rng.randint(0, 6)):
        below = grown(rng, depth + 1) if depth < 3 and rng.random() < 0.6 else ()
        node = lazy(key, *below) if key % 2 else Node(key, (key, 0), below)
        made_nodes.append(replace(node, row=(key, rng.randint(0, 3))))
    return tuple(made_nodes)


def lazy_paths(model: TreeModel) -> list[tuple[Any, ...]]:
    """Where a lazy node has grown, or could."""
    return [path for path in map(model.path_of, persistent(model)) if path[-1] % 2]  # type: ignore[operator]


@pytest.mark.parametrize(("seed", "most"), [(0, MOST_RANGES), (1, 1), (2, 2)])
def test_any_sequence_of_forests_ends_as_the_last_one(
    seed: int, most: int, qapp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zeligui.gui.tree.MOST_RANGES", most)
    rng, model = random.Random(seed), TreeModel(COLUMNS)
    for _ in range(40):
        forest = grown(rng)
        kept = {index: model.path_of(index) for index in persistent(model)}
        model.show_forest(forest)
        assert all(model.path_of(index) == path for index, path in kept.items() if index.isValid())
        for path in rng.sample(lazy_paths(model), len(lazy_paths(model)) // 2):
            index = model.index_of(path)  # invalid where one above has been closed
            if index.isValid() and model.canFetchMore(index):
                model.fetchMore(index)
            elif index.isValid() and rng.random() < 0.3:
                model.close(index)
        opened = frozenset(path for path in lazy_paths(model) if not model.canFetchMore(model.index_of(path)))
        assert shown(model) == wanted(forest, opened)
        assert all(model.path_of(model.index_of(path)) == path for path in opened)
        assert len(model._branches) == 1 + count(shown(model))


def persistent(model: TreeModel, parent: QModelIndex | None = None) -> list[QPersistentModelIndex]:
    parent = parent or QModelIndex()
    indexes = [model.index(row, 0, parent) for row in range(model.rowCount(parent))]
    return [*map(QPersistentModelIndex, indexes), *(one for index in indexes for one in persistent(model, index))]


def count(rows: list[tuple[Row, Any]]) -> int:
    return sum(1 + count(below) for _, below in rows)


def test_qt_finds_nothing_wrong_in_a_random_sequence(view: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeligui.gui.tree.MOST_RANGES", 2)
    rng, model = random.Random(9), model_of(view)
    for _ in range(25):
        model.show_forest(grown(rng))
        view.expandAll()
        model.show_forest(grown(rng))
        view.collapseAll()


def test_children_are_made_when_they_are_opened_and_dropped_when_closed(view: Tree) -> None:
    model, asked = model_of(view), []

    def grow() -> Forest:
        asked.append(1)
        return (leaf("a"), leaf("b"))

    node = Node("host", ("host", 0), grow=grow)
    model.show_forest((node,))
    top = model.index(0, 0)
    assert model.hasChildren(top)
    assert (model.rowCount(top), asked) == (0, [])
    expand(view, "host")
    assert (model.rowCount(top), asked) == (2, [1])
    view.collapse(top)
    assert model.rowCount(top) == 0
    assert model.hasChildren(top)
    model.show_forest((replace(node, row=("host", 1)),))
    assert asked == [1]


def test_only_what_is_opened_grows_anew_and_only_when_its_node_is_another(view: Tree) -> None:
    model = model_of(view)
    first, second = lazy("a", leaf("x", 1)), lazy("b", leaf("x", 1))
    model.show_forest((first, second))
    expand(view, "a")
    model.show_forest((lazy("a", leaf("x", 2), leaf("y")), second))
    assert shown(model) == [(("a", 0), [(("x", 2), []), (("y", 0), [])]), (("b", 0), [])]
    assert view.isExpanded(model.index(0, 0))


def test_what_has_grown_grows_again_where_that_is_asked_for(view: Tree) -> None:
    model, below = model_of(view), [leaf("a")]
    nodes = tuple(Node(key, (key, 0), grow=lambda: tuple(below)) for key in ("open", "closed"))
    model.show_forest(nodes)
    expand(view, "open")
    below.append(leaf("b"))
    model.show_forest(nodes)
    assert model.rowCount(model.index_of(("open",))) == 1, "the node is the same"
    model.grow_again()
    assert model.rowCount(model.index_of(("open",))) == 2
    assert model.canFetchMore(model.index_of(("closed",)))


def test_a_node_that_grows_nothing_has_no_children(view: Tree) -> None:
    model = model_of(view)
    model.show_forest((lazy("a"),))
    expand(view, "a")
    assert not model.hasChildren(model.index(0, 0))


def test_selection_expansion_and_current_row_follow_their_nodes(view: Tree) -> None:
    model = model_of(view)
    model.show_forest((leaf("a"), Node("b", ("b", 1), (leaf("c", 1),)), lazy("d", leaf("e"))))
    expand(view, "b")
    expand(view, "d")
    view.setCurrentIndex(model.index_of(("b", "c")))
    model.show_forest((lazy("d", leaf("e", 5)), Node("b", ("b", 2), (leaf("z"), leaf("c", 9))), leaf("n")))
    assert view.currentIndex().data(RowRole) == ("c", 9)
    assert view.selectionModel().isSelected(view.currentIndex())
    assert view.isExpanded(model.index_of(("b",)))
    assert view.isExpanded(model.index_of(("d",)))


def test_closing_a_node_leaves_it_current_in_place_of_what_was_below_it(view: Tree) -> None:
    model = model_of(view)
    model.show_forest((leaf("a"), lazy("b", leaf("c"))))
    expand(view, "b")
    view.setCurrentIndex(model.index_of(("b", "c")))
    view.collapse(model.index_of(("b",)))
    assert model.path_of(view.currentIndex()) == ("b",)


def test_a_path_leads_as_far_as_the_tree_is_grown(model: TreeModel) -> None:
    model.show_forest((Node("a", ("a", 0), (leaf("b"),)), lazy("c", leaf("d"))))
    assert model.path_of(model.index_of(("a", "b"))) == ("a", "b")
    assert not model.index_of(("a", "x")).isValid()
    assert not model.index_of(("c", "d")).isValid()
    assert model.path_of(QModelIndex()) == ()


def test_changed_rows_side_by_side_are_one_signal(model: TreeModel) -> None:
    forest = tuple(leaf(n) for n in range(6))
    model.show_forest(forest)
    ranges: list[tuple[int, int, int]] = []
    model.dataChanged.connect(lambda a, b: ranges.append((a.row(), b.row(), b.column())))
    model.show_forest((*forest[:2], leaf(2, 1), leaf(3, 1), leaf(4), leaf(5, 1)))
    assert ranges == [(2, 3, 1), (5, 5, 1)]


def test_two_nodes_side_by_side_with_one_key_are_refused(model: TreeModel) -> None:
    with pytest.raises(ValueError, match="the same key"):
        model.show_forest((leaf(1), leaf(1)))


def test_columns_speak_as_in_a_table(model: TreeModel) -> None:
    model.show_forest((leaf("a", 5),))
    assert model.index(0, 1).data(Qt.ItemDataRole.AccessibleTextRole) == "Value: 5"
    assert model.headerData(1, Qt.Orientation.Horizontal) == "Value"
    assert model.data(QModelIndex()) is None


def test_ten_thousand_nodes_are_renewed_and_filtered_in_time(qapp: object) -> None:
    rng, model = random.Random(3), TreeModel(COLUMNS)
    nodes = [lazy(n, *(leaf(key) for key in range(20))) for n in range(10_000)]
    model.show_forest(tuple(nodes))

    def renew() -> None:
        for place in rng.sample(range(len(nodes)), 125):
            nodes[place] = replace(nodes[place], row=(place, rng.random()))
        model.show_forest(tuple(nodes))

    def filter_and_clear() -> None:
        model.show_forest(tuple(node for node in nodes if "7" in str(node.key)))
        model.show_forest(tuple(nodes))

    assert quickest(lambda: model.show_forest(tuple(nodes))) < BUDGET_S / 4
    assert quickest(renew) < BUDGET_S
    assert quickest(filter_and_clear) < FILTER_S
    assert len(model._branches) == 1 + len(nodes), "nothing grows that nobody opens"
