"""The sensor as one script for a machine's shell: its Python modules, or the plain-shell one where these cannot run."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from zeligui.links.shell import quote

FOLDER = "zeligui.sensor"
PARTS = ("reading", "machine", "quotas", "processors", "people", "cards", "jobs", "sensor")
"""In the order of their imports: one after another they are a program."""

SENSOR_END = "ZELIGRID-SENSOR-ENDS-HERE"

# -I -S: nothing of the machine's is imported. -OO: docstrings are not kept.
PYTHON = "python3 -I -S -OO"

PART_END = "\f"
PROGRAM = f"import sys\nfor part in sys.stdin.read().split({PART_END!r}): exec(compile(part, 'sensor', 'exec'))"
"""Part by part: compiled at once they would take 2 MB more, for good."""

SCRIPT = """\
PERIOD={period}
if {python} -c 'import sys; sys.exit(sys.version_info < (3, 6))' >/dev/null 2>&1; then
exec {python} -u -c {program} "$PERIOD" <<'{end}'
{parts}
{end}
fi
{shell}
"""


@cache
def script(period_s: float) -> str:
    """What a machine's shell is given: the sensor, in a quoted here-document, or the shell's own."""
    return SCRIPT.format(
        period=f"{period_s:g}",
        python=PYTHON,
        program=quote(PROGRAM),
        end=SENSOR_END,
        parts=sensor(),
        shell=text("sensor.sh"),
    )


@cache
def sensor() -> str:
    """What `PROGRAM` reads: the sensor's modules, without the lines by which they import one another."""
    return PART_END.join(map(_part, PARTS))


def _part(name: str) -> str:
    lines = text(f"{name}.py").splitlines()
    return "\n".join(line for line in lines if not line.startswith(f"from {FOLDER}")) + "\n"


def text(name: str) -> str:
    """A file of the sensor's."""
    return files(FOLDER).joinpath(name).read_text("utf-8")
