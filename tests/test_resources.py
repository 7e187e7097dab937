"""What is shipped besides code: icons in one manner, each there that is asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from zeligui.gui.hosts_pane import STATUSES
from zeligui.gui.jobs_pane import STANDINGS
from zeligui.gui.message_bar import PICTURES
from zeligui.gui.why_not import RESULTS
from zeligui.shipped import shipped

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = shipped("resources")
ICONS = sorted((RESOURCES / "icons").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"
TABLES = (STANDINGS, STATUSES, RESULTS)
"""What begins each line with the name of an icon."""
DRAWN = {"svg", "path", "circle", "rect"}
PICTURED = {"icon": 0, "Deed": 2, "EventWords": 0, "ContractRow": 3}
"""Who is called with the name of an icon, and where it stands among the arguments."""


@pytest.mark.parametrize("file", ICONS, ids=lambda file: file.stem)
def test_an_icon_is_drawn_in_24_units_with_the_current_colour_alone(file):
    drawing = ElementTree.parse(file).getroot()
    assert (drawing.get("viewBox"), drawing.get("width"), drawing.get("height")) == ("0 0 24 24", "24", "24")
    assert (drawing.get("stroke"), drawing.get("fill"), drawing.get("stroke-width")) == ("currentColor", "none", "1.75")
    assert {one.tag.removeprefix(SVG) for one in drawing.iter()} <= DRAWN
    assert {one.get(name) for one in drawing.iter() for name in ("fill", "stroke")} <= {None, "none", "currentColor"}
    assert not re.search(r"style=|#|rgb|href", file.read_text())


def test_every_icon_that_the_window_asks_for_is_there():
    asked = {*asked_for(), *PICTURES.values(), *(row[0] for table in TABLES for row in table.values())}
    assert len(asked) > 30
    assert asked - {file.stem for file in ICONS} == set()


def asked_for() -> Iterator[str]:
    """The names of icons that stand in the window's code as such."""
    for file in (ROOT / "zeligui" / "gui").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call):
                yield from (word for word in map(text, pictures(call)) if word)


def pictures(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that name an icon."""
    place = PICTURED.get(ast.unparse(call.func), len(call.args))
    yield from call.args[place : place + 1]
    yield from (word.value for word in call.keywords if word.arg == "picture")


def text(expression: ast.expr) -> str:
    return expression.value if isinstance(expression, ast.Constant) and isinstance(expression.value, str) else ""
