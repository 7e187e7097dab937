"""What is measured of machines, written into a directory, so that one directory serves many masters."""

from zeligui.grid.publishing.publisher import Publication, Publisher
from zeligui.grid.publishing.tree import Made, init, write_schema

__all__ = ["Made", "Publication", "Publisher", "init", "write_schema"]
