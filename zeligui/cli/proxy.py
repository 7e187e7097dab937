"""`zeligrid proxy`: the short-lived credential that grid sites know the user by."""

from __future__ import annotations

import argparse
import sys

from zeligui.cli.common import add_command, common_options, path, print_json, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from zeligui.links.gsi.credentials import Credential

EXAMPLES = """\
examples:
  zeligrid proxy init                        12 hours, from ~/.globus/usercert.pem and userkey.pem
  zeligrid proxy init --valid '3 d'          three days, where the certificate lasts so long
  zeligrid proxy init --limited              one that moves files, and starts no jobs
  zeligrid proxy info                        whose it is, and how long it lasts
  zeligrid proxy destroy
"""
WHERE = """
The certificate is looked for in $X509_USER_CERT, then in ~/.globus/usercert.pem; its key in $X509_USER_KEY, then in
~/.globus/userkey.pem; the proxy in $X509_USER_PROXY, then in /tmp/x509up_uNUMBER: as the tools of Globus do, which
read what is made here, and the other way round.
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `proxy` with its own commands."""
    parser = add_command(
        commands, "proxy", "make, show and destroy the proxy that grid sites know you by", EXAMPLES + WHERE
    )
    deeds = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    init = _add(deeds, "init", "make a proxy from your certificate")
    init.add_argument("--valid", metavar="TIME", type=_duration, default=12 * 3600.0, help="how long (default: '12 h')")
    init.add_argument("--limited", action="store_true", help="for moving files, not for starting jobs")
    init.add_argument("--bits", metavar="N", type=_bits, default=2048, help="size of its key (default: 2048)")
    init.add_argument("--cert", metavar="FILE", type=path, help="your certificate")
    init.add_argument("--key", metavar="FILE", type=path, help="its private key")
    init.add_argument(
        "--pass-stdin", action="store_true", help="read the pass phrase from standard input, to its line end"
    )
    _add_file(init, "write the proxy to FILE")
    init.set_defaults(run=make)
    info = _add(deeds, "info", "show the proxy; exit status 1 where there is none that is valid")
    _add_file(info, "show this proxy")
    info.set_defaults(run=show)
    destroy = _add(deeds, "destroy", "remove the proxy")
    _add_file(destroy, "remove this proxy")
    destroy.set_defaults(run=remove)


def make(options: argparse.Namespace) -> int:
    """Run `zeligrid proxy init`."""
    from zeligui.links.gsi import places
    from zeligui.links.gsi.credentials import read_pair
    from zeligui.links.gsi.proxies import make_proxy, write_proxy

    certificate, key = options.cert or places.user_certificate(), options.key or places.user_key()
    user = read_pair(certificate, key, _asked_of_stdin if options.pass_stdin else _asked)
    proxy = make_proxy(user, valid_s=options.valid, limited=options.limited, bits=options.bits)
    file = options.file or places.user_proxy()
    write_proxy(proxy, file)
    if proxy.left_s() < options.valid - 60:
        say("zeligrid: it ends with your certificate, sooner than you asked for.")
    _tell(options, proxy, file)
    return 0


def show(options: argparse.Namespace) -> int:
    """Run `zeligrid proxy info`."""
    from zeligui.links.gsi import places
    from zeligui.links.gsi.credentials import read_proxy

    file = options.file or places.user_proxy()
    proxy = read_proxy(file)
    _tell(options, proxy, file)
    return 0 if proxy.left_s() else 1


def remove(options: argparse.Namespace) -> int:
    """Run `zeligrid proxy destroy`."""
    from zeligui.links.gsi import places
    from zeligui.links.gsi.proxies import destroy_proxy

    file = options.file or places.user_proxy()
    removed = destroy_proxy(file)
    if options.json:
        print_json({"path": str(file), "removed": removed})
    else:
        print(f"{file} is removed." if removed else f"There is no proxy {file}.")
    return 0


def _add(deeds: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str) -> argparse.ArgumentParser:
    return deeds.add_parser(
        name,
        help=words,
        description=f"{words[0].upper()}{words[1:]}.",
        epilog=EXAMPLES + WHERE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common_options()],
    )


def _add_file(parser: argparse.ArgumentParser, words: str) -> None:
    parser.add_argument("--file", metavar="FILE", type=path, help=f"{words} (default: where Globus's tools look)")


def _tell(options: argparse.Namespace, proxy: Credential, file: Path) -> None:
    facts = {
        "subject": proxy.subject,
        "issuer": proxy.issuer,
        "identity": proxy.identity,
        "type": "limited proxy" if proxy.limited else proxy.kind,
        "bits": proxy.bits,
        "path": str(file),
        "expires": proxy.ends.isoformat(timespec="seconds"),
        "left_s": round(proxy.left_s()),
    }
    if options.json:
        print_json(facts)
        return
    from zeligui.cli.common import clean
    from zeligui.links.gsi.credentials import lasting

    left = lasting(proxy.left_s()) if proxy.left_s() else "none: it has ended"
    words = facts | {"expires": f"{proxy.ends.astimezone():%Y-%m-%d %H:%M}", "left": left}
    del words["left_s"]
    for name, value in words.items():
        print(f"{name:9} {clean(str(value))}")


def _asked(file: Path) -> str:
    """The pass phrase, typed unseen at the terminal."""
    from getpass import getpass
    from pathlib import Path

    from zeligui.errors import UsageError

    try:
        Path("/dev/tty").open("rb").close()
    except OSError as error:
        hint = "Call it at a terminal, or give the pass phrase with --pass-stdin."
        raise UsageError(
            f"The private key {file} is encrypted, and there is no terminal to ask at.", hint=hint
        ) from error
    return getpass(f"Pass phrase of {file}: ")


def _asked_of_stdin(file: Path) -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _duration(text: str) -> float:
    from zeligui.units import Dimension, quantity

    try:
        return quantity(text, Dimension.TIME)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _bits(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bits")
    return int(text[:9])
