"""The rules of the house that no other check knows (see CONTRIBUTING.md)."""

from __future__ import annotations

import ast
import re
import shutil
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from statistics import median

import pytest

from zeligui.contract.language import read
from zeligui.experiment.description import read_experiment
from zeligui.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(
    [ROOT / "main.py", *(file for name in ("zeligui", "tests", "benchmarks") for file in (ROOT / name).rglob("*.py"))]
)
GUI = [file for file in MODULES if file.is_relative_to(ROOT / "zeligui" / "gui")]

MOST_LINES = 400
MEDIAN_FUNCTION = 10

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_no_module_is_over_400_lines():
    long = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in MODULES}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("room", ["zeligui", "tests", "benchmarks"])
def test_the_median_function_has_at_most_10_lines(room):
    lines = [length(one) for file in MODULES if file.is_relative_to(ROOT / room) for one in functions(file)]
    assert median(lines) <= MEDIAN_FUNCTION


def test_every_module_opens_with_its_sentence():
    assert [str(file) for file in MODULES if file.stat().st_size and not ast.get_docstring(tree(file))] == []


def test_nothing_is_named_for_what_everything_is():
    vague = re.compile(r"\w+(Manager|Helper|Util|Utils|Handler|Data|Info)")
    assert [one.name for file in MODULES for one in classes(file) if vague.fullmatch(one.name)] == []


def test_nothing_is_left_undone():
    left = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    assert [str(file) for file in MODULES if file != Path(__file__) and left.search(file.read_text())] == []


def test_the_window_has_one_event_loop_and_models_that_are_never_reset():
    """Each of these stalls a coroutine, loses a selection, or takes seconds over ten thousand rows."""
    banned = re.compile(r"\bexec\(|\bprocessEvents\b|\bQThread\b|\bQSortFilterProxyModel\b|\bbeginResetModel\b")
    found = [(str(file), match[0]) for file in GUI for match in banned.finditer(code(file))]
    assert found == []


@pytest.mark.parametrize("group", ["console_scripts", "zeligrid.sources", "zeligrid.jobs"])
def test_entry_points_lead_somewhere(group):
    points = distribution("zeligrid").entry_points.select(group=group)
    assert points
    assert all(callable(one.load()) for one in points)


def test_the_contract_and_the_experiment_of_the_readme_are_good(tmp_path):
    shutil.copytree(ROOT / "contracts", tmp_path, dirs_exist_ok=True)
    (tmp_path / "two-profiles.toml").write_text(example("toml"))
    reading = read(example("ini"))
    assert not reading.errors + reading.warnings
    assert read_experiment(tmp_path / "two-profiles.toml", Settings()).name == "pi"


def example(language: str) -> str:
    return (ROOT / "README.md").read_text().partition(f"```{language}\n")[2].partition("```")[0]


def functions(file: Path) -> list[Function]:
    return [one for one in ast.walk(tree(file)) if isinstance(one, Function)]


def code(file: Path) -> str:
    """A module without its comments and docstrings, which may speak of anything."""
    return ast.unparse(Bare().visit(ast.parse(file.read_text())))


class Bare(ast.NodeTransformer):
    """Leaves out texts that stand alone."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.copy_location(ast.Expr(ast.Constant(...)), node) if text else node


def classes(file: Path) -> list[ast.ClassDef]:
    return [one for one in ast.walk(tree(file)) if isinstance(one, ast.ClassDef)]


def length(function: Function) -> int:
    """The lines of a function without decorators and docstring."""
    first = function.body[0]
    spoken = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) is not None else 0
    return function.end_lineno - function.lineno + 1 - spoken


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), filename=str(file))
