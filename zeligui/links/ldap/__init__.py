"""Directories that answer LDAP: where they are, how they are reached, and what they answer."""

from zeligui.links.ldap.connection import SEARCH_S, open_connection
from zeligui.links.ldap.decoding import Found
from zeligui.links.ldap.place import Place, parse
from zeligui.links.ldap.searching import found_in, pages, search

__all__ = ["SEARCH_S", "Found", "Place", "found_in", "open_connection", "pages", "parse", "search"]
