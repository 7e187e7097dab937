"""Contacts of gatekeepers and of jobs: what is understood, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.errors import UsageError
from zeligui.links.gram.contacts import LIMITS, Contact, contact, job_contact

SUBJECT = "/O=Grid/OU=Sim/CN=host/site.test"


@pytest.mark.parametrize(
    ("text", "host", "port", "service", "subject"),
    [
        ("gram://site.test", "site.test", 2119, "jobmanager", ""),
        ("gram://SITE.test/", "site.test", 2119, "jobmanager", ""),
        ("gram://site.test:3000/jobmanager-slurm", "site.test", 3000, "jobmanager-slurm", ""),
        ("gram://[::1]:2119/jobmanager-fork", "::1", 2119, "jobmanager-fork", ""),
        (f"gram://site.test/jobmanager-fork:{SUBJECT}", "site.test", 2119, "jobmanager-fork", SUBJECT),
        ("gram://site.test/jobmanager:/O=Grid/CN=Some%20One", "site.test", 2119, "jobmanager", "/O=Grid/CN=Some One"),
        ("site.test", "site.test", 2119, "jobmanager", ""),
        ("site.test:3000", "site.test", 3000, "jobmanager", ""),
        ("site.test/jobmanager-pbs", "site.test", 2119, "jobmanager-pbs", ""),
        (f"site.test:3000:{SUBJECT}", "site.test", 3000, "jobmanager", SUBJECT),
        (f"site.test:3000/jobmanager-pbs:{SUBJECT}", "site.test", 3000, "jobmanager-pbs", SUBJECT),
        (f"site.test:/jobmanager:{SUBJECT}", "site.test", 2119, "jobmanager", SUBJECT),
    ],
)
def test_contacts_as_urls_and_as_globus_writes_them(text, host, port, service, subject):
    found = contact(text)
    assert (found.host, found.port, found.service, found.subject) == (host, port, service, subject)
    assert contact(found.url) == found


def test_a_url_says_what_is_asked_of_the_scheduler_and_where_the_files_are():
    found = contact("gram://site.test/jobmanager-slurm?queue=long&max_wall_time=60&gridftp=files.test:2812")
    assert found.limits == {"queue": "long", "max_wall_time": "60"}
    assert found.gridftp == ("files.test", 2812)
    assert contact("gram://site.test").gridftp == ("site.test", 2811)
    assert contact(found.url) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gram://",
        "gram://-oProxy/jobmanager",
        "gram://me@site.test/jobmanager",
        "gram://site.test:0/jobmanager",
        "gram://site.test:70000/jobmanager",
        "gram://site.test/../etc",
        "gram://site.test/jobmanager fork",
        "gram://site.test/jobmanager\r\nHost: other",
        "gram://site.test/jobmanager%0d%0ax",
        "gram://site.test/jobmanager:/O=%00",
        "gram://site.test/jobmanager:O=Grid",
        "gram://site.test/jobmanager?executable=/bin/sh",
        "gram://site.test/jobmanager?queue=a)(executable=/bin/sh",
        "gram://site.test/jobmanager?max_wall_time=soon",
        "gram://site.test/jobmanager?gridftp=-x",
    ],
)
def test_what_is_no_contact_is_refused(text):
    with pytest.raises(UsageError):
        contact(text)


@given(
    st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,8}){0,2}", fullmatch=True),
    st.integers(1, 65535),
    st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=30),
    st.dictionaries(st.sampled_from(LIMITS), st.integers(0, 10**6).map(str)),
)
def test_the_url_of_a_contact_is_the_contact(host, port, subject, limits):
    subject = f"/O={subject}" if f"/O={subject}".isprintable() else ""
    made = Contact(host, port, "jobmanager-x", subject, limits)
    assert contact(made.url) == made


def test_contacts_of_jobs():
    found = job_contact("https://site.test:40478/17370682736395528161/1722330982518273469/")
    assert (found.host, found.port) == ("site.test", 40478)
    assert job_contact(found.url) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://site.test:1/1/2/",
        "https://site.test/1/2/",
        "https://site.test:0/1/2/",
        "https://site.test:1/../2/",
        "https://site.test:1/1/2/\r\nx",
        "https://site.test:1/" + "1" * 400,
    ],
)
def test_what_is_no_contact_of_a_job_is_refused(text):
    with pytest.raises(UsageError):
        job_contact(text)
