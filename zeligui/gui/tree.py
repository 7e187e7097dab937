"""One tree model for every tree: a forest of frozen nodes in, the fewest signals out; branches may grow when opened."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Set
from dataclasses import dataclass
from itertools import count
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from zeligui.gui.rows import MOST_RANGES, NOWHERE, Column, Index, Role, runs


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """What is shown: a row, and the nodes below it. `key` is its own among its siblings.

    `grow` makes the nodes below when the view opens this one, again when another node with this key takes its place.
    """

    key: Hashable
    row: Any
    children: tuple[Node, ...] = ()
    grow: Callable[[], tuple[Node, ...]] | None = None


@dataclass(slots=True, eq=False)
class _Branch:
    """Where a node is shown. Indexes carry its number: PySide6 keeps no object alive that an index points to."""

    number: int
    node: Node
    parent: _Branch | None = None
    position: int = 0
    grown: bool = False
    children: Sequence[_Branch] = ()
    placed: bool = True
    """Whether the children know their positions. Counted when one is asked for: a filter that leaves or brings back
    thousands of rows, a signal each, would otherwise count thousands of times (170 ms for 10,000 hosts)."""

    def place(self) -> int:
        """The row in which it is shown."""
        above = self.parent
        if above is not None and not above.placed:
            for position, child in enumerate(above.children):
                child.position = position
            above.placed = True
        return self.position


class TreeModel(QAbstractItemModel):
    """Shows a forest; selection, what is open, and the scroll position stay with their nodes."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._width = len(self.columns)
        self._numbers = count(1)
        self._root = _Branch(0, Node(None, None), grown=True)
        self._branches = {0: self._root}

    def show_forest(self, forest: tuple[Node, ...]) -> None:
        """Show these nodes, telling views only what differs. A node that is the same object is not looked into."""
        self._below(self._root, forest)

    def grow_again(self) -> None:
        """Make anew what has grown below the top: what it grows from has changed, though the nodes have not."""
        for branch in tuple(self._root.children):
            if branch.grown and branch.node.grow:
                self._below(branch, branch.node.grow())

    def close(self, index: QModelIndex) -> None:
        """Forget what has grown below an index, which the view has closed."""
        branch = self._branch(index)
        if branch.grown and branch.node.grow and branch is not self._root:
            branch.grown = False
            if branch.children:
                self.beginRemoveRows(index, 0, len(branch.children) - 1)
                gone, branch.children = branch.children, ()
                self.endRemoveRows()
                for one in gone:
                    self._forget(one)

    def path_of(self, index: Index) -> tuple[Hashable, ...]:
        """The keys from the top down to an index."""
        keys: list[Hashable] = []
        branch: _Branch | None = self._branch(index)
        while branch is not None and branch is not self._root:
            keys.append(branch.node.key)
            branch = branch.parent
        return tuple(reversed(keys))

    def index_of(self, path: Sequence[Hashable]) -> QModelIndex:
        """Where that path leads, as far as it is grown; an invalid index where it leads nowhere."""
        branch = self._root
        for key in path:
            found = next((child for child in branch.children if child.node.key == key), None)
            if found is None:
                return QModelIndex()
            branch = found
        return self._index(branch)

    # --- from what is shown to what is wanted ---------------------------------------------------------------------

    def _become(self, branch: _Branch, node: Node) -> None:
        branch.node = node
        if node.grow is None:
            branch.grown = True
            self._below(branch, node.children)
        elif branch.grown:
            self._below(branch, node.grow())

    def _below(self, branch: _Branch, wanted: tuple[Node, ...]) -> None:
        others = self._others(branch, wanted)
        if others is None:
            self._rearrange(branch, [node.key for node in wanted], wanted)
            others = self._others(branch, wanted) or []
        changed = []
        for place in others:
            child, node = branch.children[place], wanted[place]
            if child.node.row is not node.row and child.node.row != node.row:
                changed.append(place)
            self._become(child, node)
        self._tell(branch, changed)

    def _others(self, branch: _Branch, wanted: tuple[Node, ...]) -> list[int] | None:
        """Where other nodes with the same keys are wanted; None where a key differs. Most nodes are the very same."""
        if len(branch.children) != len(wanted):
            return None
        pairs = enumerate(zip(branch.children, wanted, strict=True))
        others = [place for place, (child, node) in pairs if child.node is not node]
        same = all(branch.children[place].node.key == wanted[place].key for place in others)
        return others if same else None

    def _tell(self, branch: _Branch, changed: list[int]) -> None:
        ranges = runs(changed)
        if len(ranges) > MOST_RANGES:
            ranges = [(changed[0], changed[-1])]
        for first, last in ranges:
            ends = self._index(branch.children[first]), self._index(branch.children[last], len(self.columns) - 1)
            self.dataChanged.emit(*ends)

    def _rearrange(self, branch: _Branch, keys: list[Hashable], wanted: tuple[Node, ...]) -> None:
        stay = set(keys)
        if len(stay) < len(keys):
            raise ValueError("two nodes side by side have the same key")
        self._remove_but(branch, stay)
        there = {child.node.key: child for child in branch.children}
        coming = runs(place for place, key in enumerate(keys) if key not in there)
        if len(coming) > MOST_RANGES:  # all at the end, then to their places
            new = iter(self._insert(branch, len(there), [node for node in wanted if node.key not in there]))
            self._reorder(branch, [there[key] if key in there else next(new) for key in keys])
            return
        survivors = [key for key in keys if key in there]
        if survivors != list(there):
            self._reorder(branch, [there[key] for key in survivors])
        for first, last in coming:
            self._insert(branch, first, wanted[first : last + 1])

    def _remove_but(self, branch: _Branch, stay: Set[Hashable]) -> None:
        leaving = runs(place for place, child in enumerate(branch.children) if child.node.key not in stay)
        if len(leaving) > MOST_RANGES:  # all to the front first: where the current row leaves, the first one follows it
            self._reorder(branch, sorted(branch.children, key=lambda child: child.node.key in stay))
            leaving = [(0, sum(last - first for first, last in leaving) + len(leaving) - 1)]
        for first, last in reversed(leaving):
            self.beginRemoveRows(self._index(branch), first, last)
            gone = branch.children[first : last + 1]
            branch.children = [*branch.children[:first], *branch.children[last + 1 :]]
            branch.placed = False
            self.endRemoveRows()
            for one in gone:
                self._forget(one)

    def _insert(self, branch: _Branch, place: int, nodes: Sequence[Node]) -> Sequence[_Branch]:
        new = [self._made(node, branch) for node in nodes]
        self.beginInsertRows(self._index(branch), place, place + len(new) - 1)
        branch.children = [*branch.children[:place], *new, *branch.children[place:]]
        branch.placed = False
        self.endInsertRows()
        return new

    def _reorder(self, branch: _Branch, children: list[_Branch]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        of = [self._branches[index.internalId()] for index in before]
        branch.children = children
        branch.placed = False
        after = [self._index(one, index.column()) for one, index in zip(of, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _made(self, node: Node, parent: _Branch) -> _Branch:
        number = next(self._numbers)
        branch = self._branches[number] = _Branch(number, node, parent)
        if node.grow is None:
            branch.grown = True
            if node.children:
                branch.children = [self._made(child, branch) for child in node.children]
                branch.placed = False
        return branch

    def _forget(self, branch: _Branch) -> None:
        del self._branches[branch.number]
        for child in branch.children:
            self._forget(child)

    def _index(self, branch: _Branch, column: int = 0) -> QModelIndex:
        return QModelIndex() if branch is self._root else self.createIndex(branch.place(), column, branch.number)

    def _branch(self, index: Index) -> _Branch:
        return self._branches[index.internalId()]  # 0, the root's, of an index that is not valid

    # --- what Qt asks ---------------------------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index = NOWHERE) -> QModelIndex:
        # Not hasIndex(), and as few calls as can be: a view that lays out 10,000 hosts asks for each.
        children = self._branches[parent.internalId()].children
        if 0 <= row < len(children) and 0 <= column < self._width:
            return self.createIndex(row, column, children[row].number)
        return QModelIndex()

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        above = self._branch(index).parent
        return QModelIndex() if above is None else self._index(above)

    def rowCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802
        return 0 if parent.column() > 0 else len(self._branch(parent).children)

    def columnCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802
        return len(self.columns)

    def hasChildren(self, parent: Index = NOWHERE) -> bool:  # noqa: N802
        branch = self._branches[parent.internalId()]
        return (not branch.grown or bool(branch.children)) and parent.column() <= 0

    def canFetchMore(self, parent: Index) -> bool:  # noqa: N802
        return not self._branch(parent).grown

    def fetchMore(self, parent: Index) -> None:  # noqa: N802
        branch = self._branch(parent)
        if not branch.grown and branch.node.grow:
            branch.grown = True
            self._below(branch, branch.node.grow())

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        return self.columns[index.column()].data(self._branches[index.internalId()].node.row, role)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return self.columns[section].title
        return None
