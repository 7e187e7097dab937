"""`zeligrid contexts`: what proves who you are, how each is, and which of it a machine accepts."""

from __future__ import annotations

import argparse

from zeligui.cli.common import add_command, add_key_options, clean, home, links_for, print_json, proved, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from zeligui.links.contexts import Context, Contexts
    from zeligui.links.contexts.acceptance import Verdict

LIMIT_S = 300.0

EXAMPLES = """\
examples:
  zeligrid contexts                          ssh keys, the agent, grid certificate and proxy
  zeligrid contexts ssh://lab1               which of the keys lab1 accepts
  zeligrid contexts --only-contexts --context key:~/.ssh/lab
  zeligrid contexts --context password:me@lab1 ssh://me@lab1
                                             its password, stored by: keyring set zeligrid me@lab1

A key, the agent, a proxy or a password, as listed here, can be put into `contexts` of the settings. With
`only_contexts = true` there, or --only-contexts, nothing else is looked for or tried.

exit status: 0 one can be used, and none is wrong; 1 else; 3 the machine could not be reached
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `contexts`."""
    parser = add_command(
        commands,
        "contexts",
        "list what proves who you are, and check it",
        EXAMPLES,
        description="List ssh keys, the agent, grid certificate, proxy and passwords: what each is, what is wrong\n"
        "with it, and the line that mends it. With the URL of a machine, offer it each one alone.",
    )
    parser.add_argument("url", metavar="URL", nargs="?", help="a machine: ssh://[user@]host[:port]")
    add_key_options(parser.add_argument_group("keys"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run `zeligrid contexts`."""
    import asyncio

    from zeligui.links.calls import call
    from zeligui.settings import load

    links = links_for(options, proved(load(home(options)), options))
    verdicts = asyncio.run(call(_look, options.url, links.known_hosts, links.contexts, limit=LIMIT_S))
    if options.json:
        print_json([_as_json(one, said) for one, said in verdicts])
    else:
        print("\n".join(_lines(verdicts)))
    return _status(verdicts, asked=bool(options.url))


def _look(url: str | None, known_hosts: Sequence[Path], contexts: Contexts) -> list[Verdict]:
    from zeligui.links.addresses import parse
    from zeligui.links.contexts.finding import found

    if url is None:
        return [(one, "") for one in found(contexts)]
    from zeligui.links.contexts.acceptance import offered

    return list(offered(parse(url), known_hosts, contexts))


def _status(verdicts: Sequence[Verdict], *, asked: bool) -> int:
    if asked:
        return 0 if any(said == "accepted" for _, said in verdicts) else 1
    return 0 if any(one.usable for one, _ in verdicts) and not any(one.wrong for one, _ in verdicts) else 1


def _as_json(one: Context, said: str) -> dict[str, object]:
    return {
        "context": one.text,
        "kind": one.kind,
        "name": one.name,
        "status": one.standing.value,
        "says": one.says,
        "mend": one.mend,
        "ends": one.ends.isoformat() if one.ends else None,
        "accepted": {"accepted": True, "refused": False}.get(said),
    }


def _lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    width = max((len(one.text) for one, _ in verdicts), default=0)
    if not verdicts:
        yield "There is none: this session was given no context."
    for one, said in verdicts:
        yield f"{said or one.standing.value:9}  {clean(one.text):{width}}  {told(one.says)}"
        if one.mend and not one.usable:
            yield f"{'':9}  {'':{width}}    {clean(one.mend)}"
