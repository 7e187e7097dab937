"""The window: the only package that imports Qt."""

from __future__ import annotations

import builtins

from PySide6 import QtCore as _QtCore  # noqa: F401 - it must be there before

# PySide6 reads the source of every module that is imported after it, to find out whether its names are to be switched
# to another style there, and all that text is kept. Nothing here does; without, the program takes 14 MB less, and is
# there sooner.
builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
