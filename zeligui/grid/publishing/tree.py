"""Makes a directory ready for what is published: its schema, and the entries above those of machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

from zeligui.errors import LinkError, Refused, UsageError
from zeligui.grid.publishing.entries import NWS
from zeligui.links.ldap import Place
from zeligui.links.ldap.writing import Entry, Writer
from zeligui.shipped import shipped

SCHEMAS = ("nws-host", "mds", "nws", "zeligrid")
"""The files of the schema, in the order in which they are to be included."""

NEEDED = frozenset({"mdsvo", "mdshost", "mdsos", "nwshost", "nwsseries", "zeligridhost"})
"""Object classes in small letters: a directory that has these has all."""

KINDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "o": (("organization",), "o"),
    "ou": (("organizationalUnit",), "ou"),
    "dc": (("dcObject", "organization"), "dc"),
    "mds-vo-name": (("MdsVo",), "Mds-Vo-name"),
}
"""By the attribute that names an entry of the tree, in small letters: its classes, and that attribute as written."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was not there before. `schema` are the parts of the schema that were loaded."""

    schema: tuple[str, ...]
    entries: tuple[str, ...]


def init(place: Place) -> Made:
    """Load what the directory lacks of the schema, and make what it lacks of the tree. Blocks. Safe to repeat.

    UsageError where the base cannot be one; a LinkError where the directory does not let it be done.
    """
    branches = list(_branches(place))
    writer = Writer(place)
    try:
        server = writer.values("", ["namingContexts", "configContext", "subschemaSubentry"])
        schema = _load_schema(writer, server)
        entries = [entry.dn for entry in _below(branches, server, place) if writer.add(entry)]
    finally:
        writer.close()
    return Made(schema, tuple(entries))


def write_schema(folder: Path) -> tuple[Path, ...]:
    """The files of the schema, in both forms that OpenLDAP reads. UsageError where they cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name in SCHEMAS:
            file = folder / f"{name}.schema"
            copyfile(_file(name), file)
            ldif = folder / f"{name}.ldif"
            ldif.write_text(_ldif(name), "utf-8")
            written += [file, ldif]
    except OSError as error:
        raise UsageError(f"The schema cannot be written into {folder}: {error.strerror}.") from error
    return tuple(written)


def statements(text: str) -> Iterator[tuple[str, str]]:
    """The statements of a schema file: the keyword in small letters, and the rest on one line."""
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line[:1].isspace() and lines:
            lines.append(line)
            continue
        if lines:
            keyword, _, rest = " ".join(" ".join(lines).split()).partition(" ")
            yield keyword.lower(), rest
        lines = [] if not line.strip() or line.startswith("#") else [line]


def _file(name: str) -> Path:
    return shipped("resources") / "ldap" / f"{name}.schema"


def _values(name: str) -> dict[str, tuple[str, ...]]:
    """A part of the schema as the attributes of its entry below cn=schema,cn=config."""
    keys = {
        "objectidentifier": "olcObjectIdentifier",
        "attributetype": "olcAttributeTypes",
        "objectclass": "olcObjectClasses",
    }
    found: dict[str, list[str]] = {"cn": [name]}
    for keyword, rest in statements(_file(name).read_text("utf-8")):
        found.setdefault(keys[keyword], []).append(rest)
    return {key: tuple(values) for key, values in found.items()}


def _ldif(name: str) -> str:
    values = [f"{key}: {value}" for key, all_ in _values(name).items() for value in all_]
    return "\n".join([f"dn: cn={name},cn=schema,cn=config", "objectClass: olcSchemaConfig", *values]) + "\n"


def _load_schema(writer: Writer, server: Mapping[str, list[bytes]]) -> tuple[str, ...]:
    where = next((one.decode() for one in server.get("subschemaSubentry", ())), "cn=Subschema")
    known = writer.values(where, ["objectClasses", "attributeTypes"])
    classes, attributes = (_names(known.get(key, ())) for key in ("objectClasses", "attributeTypes"))
    if classes >= NEEDED:
        return ()
    config = next((one.decode() for one in server.get("configContext", ())), "")
    parts = [name for name in SCHEMAS if not (name == "nws-host" and "host" in attributes)]
    loaded = []
    try:
        if not config:
            raise Refused("says nothing of cn=config.")
        for name in parts:
            entry = Entry(f"cn={name},cn=schema,{config}", ("olcSchemaConfig",), _values(name))
            if writer.add(entry):
                loaded.append(name)
    except LinkError as error:
        why = str(error).removeprefix(writer.place.url).strip()
        raise Refused(
            f"{writer.place.url} lacks the schema of MDS and NWS, which cannot be loaded from here: it {why}",
            hint=_by_hand(parts),
        ) from error
    return tuple(loaded)


def _by_hand(parts: Sequence[str]) -> str:
    lines = "\n".join(f"  include {_file(name)}" for name in parts)
    return (
        f"Who runs the directory adds to slapd.conf, after core.schema:\n{lines}\n"
        "or, where it is configured by cn=config: `zeligrid directory init --schema-to FOLDER`, and there, for each of "
        f"{', '.join(parts)}:  ldapadd -Y EXTERNAL -H ldapi:/// -f PART.ldif"
    )


def _names(definitions: Sequence[bytes]) -> frozenset[str]:
    """All names in definitions of a schema (RFC 4512), in small letters."""
    found = set()
    for definition in definitions:
        _, _, rest = definition.decode("utf-8", "replace").partition(" NAME ")
        names = rest.split(")")[0] if rest.startswith("(") else rest.split(" ")[0]
        found |= {word.strip("'").casefold() for word in names.replace("(", " ").split()}
    return frozenset(found)


def _branches(place: Place) -> Iterator[Entry]:
    """The entries from the top of the base down to that of NWS below it. UsageError where that cannot be made."""
    from ldap3.core.exceptions import LDAPInvalidDnError
    from ldap3.utils.dn import parse_dn

    if not place.base:
        raise UsageError(f"{place.url} names no base.", hint="Name one, such as ldap://host/Mds-Vo-name=local,o=grid.")
    try:
        parts = parse_dn(f"{NWS},{place.base}")
    except LDAPInvalidDnError as error:
        raise UsageError(f"The base {place.base} is no distinguished name.") from error
    for depth in range(len(parts) - 1, -1, -1):
        attribute, value, _ = parts[depth]
        classes, name = KINDS.get(attribute.casefold(), ((), attribute))
        dn = ",".join(f"{key}={inner}" for key, inner, _ in parts[depth:])
        values = {name: (_unescaped(value),)} | ({"o": (_unescaped(value),)} if name == "dc" else {})
        yield Entry(dn, classes, values)


def _unescaped(value: str) -> str:
    """The value of a part of a name as it is meant."""
    from zeligui.grid.directories import Dn

    return Dn.of(f"x={value}").parts[0][1]


def _below(branches: Sequence[Entry], server: Mapping[str, list[bytes]], place: Place) -> list[Entry]:
    """The branches from the one that the server keeps as the top of a tree down."""
    from zeligui.grid.directories import Dn

    tops = {Dn.of(one.decode("utf-8", "replace")).key for one in server.get("namingContexts", ())}
    for start, entry in enumerate(branches):
        if Dn.of(entry.dn).key in tops:
            unknown = next((one.dn for one in branches[start:] if not one.classes), None)
            if unknown is None:
                return list(branches[start:])
            raise UsageError(
                f"Nothing is known of how to make {unknown}.", hint=f"Bases are made of {', '.join(KINDS)}."
            )
    kept = ", ".join(one.decode("utf-8", "replace") for one in server.get("namingContexts", ())) or "none"
    raise Refused(f"{place.url} keeps no tree with this base; it keeps {kept}.", hint="Name a base in one of those.")
