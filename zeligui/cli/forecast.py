"""`zeligrid forecast`: how well each method would have foretold a recorded series."""

from __future__ import annotations

import argparse

from zeligui.cli.common import add_command, clean, path, print_json, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from zeligui.contract.columns import Numbers
    from zeligui.grid.forecasting.evaluation import Evaluation
    from zeligui.grid.forecasting.recording import Recording

LONGEST_HORIZON = 1000

EXAMPLES = """\
The file has a line a value, with or without a header: timestamp,value; or a trace with time, hostName and a column an
attribute. Times are ISO 8601 or seconds. An empty cell is a missing value; it is neither learned nor foretold.

The first values are learned from and not scored: 1,008 of a file of at least 2,016, else a quarter. The method
`zeligrid` is the choice among all others by their errors; `nws` is the Network Weather Service's own rule over its 18.

examples:
  zeligrid forecast load.csv                              every method's error, the best first
  zeligrid forecast trace.csv --column cpuAvail --host lab1 --horizon 12
  zeligrid forecast load.csv --json --series              with what was foretold for each value
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `forecast`."""
    parser = add_command(
        commands,
        "forecast",
        "say how well a recorded series would have been foretold",
        EXAMPLES,
        description="Foretell each value of a recorded series from those before it, by every method, and say how far\n"
        "off that was: the mean absolute error and the mean squared error.",
    )
    parser.add_argument("file", metavar="FILE", type=path, help="the series, a CSV file")
    parser.add_argument("--column", metavar="NAME", default="", help="the column's name, or its number from 1")
    parser.add_argument(
        "--host", metavar="NAME", default="", help="the host, of a trace of several (default: the first)"
    )
    parser.add_argument("--horizon", metavar="N", type=_horizon, default=1, help="foretell N values ahead (default: 1)")
    parser.add_argument(
        "--warmup", metavar="N", type=_whole, help="do not score the first N values (default: 1008, or a quarter)"
    )
    parser.add_argument("--series", action="store_true", help="with --json: add what was foretold for each value")
    parser.set_defaults(run=forecast)


def forecast(options: argparse.Namespace) -> int:
    """Run `zeligrid forecast`. UsageError: the file cannot be read, or nothing of it can be scored."""
    import numpy as np

    from zeligui.errors import UsageError
    from zeligui.grid.forecasting.evaluation import evaluate
    from zeligui.grid.forecasting.recording import read_recording

    if options.series and not options.json:
        raise UsageError("--series is for --json.", hint="Add --json, or leave --series out.")
    recording = read_recording(options.file, column=options.column, host=options.host)
    known = ~np.isnan(recording.values)
    evaluation = evaluate(recording.values[known], warmup=options.warmup, steps=options.horizon)
    if not evaluation.scored:
        raise UsageError(
            f"The file {options.file} has {known.sum()} values, which leaves none to score.",
            hint=f"It must have more than the {evaluation.warmup} that are not scored (--warmup) and the horizon.",
        )
    if options.json:
        print_json(_as_json(evaluation, known, series=options.series))
    else:
        _tell(recording, evaluation, options)
    return 0


def _as_json(evaluation: Evaluation, known: Numbers, *, series: bool) -> dict[str, Any]:
    import numpy as np

    from zeligui.grid.forecasting.evaluation import OURS

    scores = {name: {"mae": one.mae, "mse": one.mse} for name, one in evaluation.methods.items()}
    printed: dict[str, Any] = {"n": evaluation.scored, **scores[OURS], "methods": scores}
    if series:
        foretold = np.full(len(known), np.nan)
        foretold[known.astype(bool)] = evaluation.foretold
        printed["series"] = [None if np.isnan(one) else float(one) for one in foretold]
    return printed


def _tell(recording: Recording, evaluation: Evaluation, options: argparse.Namespace) -> None:
    from zeligui.grid.forecasting.evaluation import OURS, PEER

    peer = evaluation.methods[PEER].mae
    width = max(len(name) for name in evaluation.methods)
    print(f"{'METHOD':{width}}  {'MAE':>12}  {'MSE':>12}  {'OF NWS':>7}")
    for name, one in sorted(evaluation.methods.items(), key=lambda item: (item[1].mae, item[0] != OURS)):
        ratio = f"{one.mae / peer:7.3f}" if peer else f"{'-':>7}"
        print(f"{name:{width}}  {one.mae:12.6g}  {one.mse:12.6g}  {ratio}{'  <- the choice' if name == OURS else ''}")
    of = f"{recording.column}{f' of {recording.host}' if recording.host else ''}"
    apart = f", {recording.period_s:g} s apart" if recording.period_s > 0 else ""
    say(
        f"{clean(of)}: {evaluation.scored} values scored{apart}, {options.horizon} ahead, "
        f"after the first {evaluation.warmup}"
    )


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text[:19])


def _horizon(text: str) -> int:
    number = _whole(text)
    if not 1 <= number <= LONGEST_HORIZON:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of values from 1 to {LONGEST_HORIZON}")
    return number
