"""Directories that answer LDAP: where they are, how they are reached, and what they answer."""

from zeligui.links.ldap.connection import SEARCH_S, open_connection
from zeligui.links.ldap.place import Place, parse
from zeligui.links.ldap.searching import pages

__all__ = ["SEARCH_S", "Place", "open_connection", "pages", "parse"]
