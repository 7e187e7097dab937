"""What proves who the user is: ssh keys, the agent, grid proxies and passwords, found, and checked before use."""

from __future__ import annotations

from zeligui.links.contexts.context import Context, Standing
from zeligui.links.contexts.given import Contexts

__all__ = ["Context", "Contexts", "Standing"]
