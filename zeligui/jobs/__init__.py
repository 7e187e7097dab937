"""Remote jobs: their states, the services that run them, and the wrapper that lets them outlive their master."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeligui.jobs.adaptors import opener
from zeligui.schemes import JOBS, adaptor

if TYPE_CHECKING:
    from zeligui.jobs.service import JobService
    from zeligui.links.link import Links


def open_service(url: str, links: Links) -> JobService:
    """The job service for a URL, by its scheme. UsageError names the known schemes where there is none.

    Unfit where its adaptor cannot be loaded.
    """
    return opener(adaptor(JOBS, url, words=f"No job service is known for {url!r}."))(url, links)
