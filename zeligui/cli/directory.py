"""`zeligrid directory`: makes a directory ready to hold what is measured of machines."""

from __future__ import annotations

import argparse

from zeligui.cli.common import add_authority_option, add_command, clean, common_options, home, path, print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zeligui.links.ldap import Place

EXAMPLES = """\
examples:
  zeligrid directory init ldap://localhost/Mds-Vo-name=site,o=grid
  zeligrid directory init 'ldaps://dir.example.org/o=grid????bindname=cn=admin%2Co=grid' --password keyring:admin
  zeligrid directory init --schema-to /tmp/schema

Afterwards `zeligrid sensor --publish URL` on a machine, or `publish = "URL"` under [directories] of the settings of a
master, writes there what is measured, and `zeligrid hosts --source URL` reads it, anywhere.
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `directory` with its own command."""
    parser = add_command(commands, "directory", "make a directory (LDAP) ready to hold what is measured", EXAMPLES)
    deeds = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    words = "load the schema and make the tree, as far as they are not there"
    init = deeds.add_parser(
        "init",
        help=words,
        description=f"{words[0].upper()}{words[1:]}.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common_options()],
    )
    init.add_argument("url", metavar="URL", nargs="?", help="ldap://host[:port]/base; machines stand below the base")
    init.add_argument(
        "--password", metavar="keyring:NAME", type=_secret, help="of the user in the URL, by its name in the keyring"
    )
    add_authority_option(init)
    init.add_argument("--schema-to", metavar="DIR", type=path, help="write the files of the schema into DIR")
    init.set_defaults(run=make_ready)


def make_ready(options: argparse.Namespace) -> int:
    """Run `zeligrid directory init`."""
    from zeligui.errors import UsageError
    from zeligui.grid.publishing import init, write_schema

    if options.url is None and options.schema_to is None:
        raise UsageError("No directory is named.", hint="Write: zeligrid directory init ldap://host/base")
    files = write_schema(options.schema_to) if options.schema_to else ()
    made = None
    if options.url is not None:
        made = init(_place(options))
    if options.json:
        found = {"files": [str(file) for file in files]}
        print_json(found | ({"schema": list(made.schema), "entries": list(made.entries)} if made else {}))
        return 0
    for file in files:
        print(f"wrote   {file}")
    if made is not None:
        for part in made.schema:
            print(f"loaded  {part}.schema")
        for dn in made.entries:
            print(f"made    {clean(dn)}")
        if not made.schema and not made.entries:
            print("Schema and tree are there already.")
    return 0


def _place(options: argparse.Namespace) -> Place:
    from dataclasses import replace

    from zeligui.links.ldap import parse
    from zeligui.settings import load

    entered = load(home(options)).trusting(options.ca).directories
    if options.password:
        entered = replace(entered, password=options.password)
    return parse(options.url, entered)


def _secret(text: str) -> str:
    from zeligui.secret import KEYRING

    if not text.startswith(KEYRING) or text == KEYRING:
        raise argparse.ArgumentTypeError("a password is kept in the keyring alone: write keyring:NAME")
    return text
