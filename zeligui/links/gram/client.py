"""A client of GRAM5: jobs submitted, committed, asked about and ended. It blocks; call it off the event loop.

Each call is one connection and has a time limit of its own. What a site refuses is `Denied` with GRAM's number;
where it does not answer, or not in full, that is Unreachable: nothing follows from it for the job.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from zeligui.errors import Refused, UsageError
from zeligui.links.gram.contacts import Contact, JobContact, authority, job_contact
from zeligui.links.gram.peers import Connection, Identities, Identity, to_gatekeeper, to_manager
from zeligui.links.gram.wire import HINT, MOST_BODY, Answer, Deadline, Garbled, framed, message, quoted
from zeligui.links.gram.words import AUTHORIZATION, SERVICE_NOT_FOUND, STATES, WAITING_FOR_COMMIT, Denied, denied
from zeligui.links.gsi.credentials import lasting
from zeligui.links.gsi.proxies import SHORTEST_S, delegate

PING_S, SUBMIT_S, STATUS_S, SIGNAL_S, CANCEL_S = 15.0, 60.0, 15.0, 20.0, 30.0
"""Time limits. A cancel takes 5 s where the site itself waits between TERM and KILL."""

NOBODY = b"https://127.0.0.1:9/nobody"
"""Who is told of no state of a job. Without somebody to tell, a job manager keeps no final state for its second commit;
with an empty URL it reads its own record of the job not again, and ends by a fault each time it is started."""


class Signal(IntEnum):
    """What a job manager can be told of a job (globus_gram_protocol_job_signal_t)."""

    CANCEL = 1
    SUSPEND = 2
    RESUME = 3
    PRIORITY = 4
    COMMIT = 5
    COMMIT_EXTEND = 6
    STDIO_UPDATE = 7
    STDIO_SIZE = 8
    STOP_MANAGER = 9
    COMMIT_END = 10


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job that the site has taken; where it `waits`, it begins only after its commit."""

    job: JobContact
    waits: bool


@dataclass(frozen=True, slots=True)
class State:
    """How a job is: one of STATES, why it failed by GRAM's number, and its exit code where the site tells one."""

    state: int
    failure: int = 0
    exit_code: int | None = None

    @property
    def name(self) -> str:
        return STATES.get(self.state, f"state {self.state}")


class Client:
    """Asks gatekeepers and job managers in the name of one user. Safe to use from several threads."""

    def __init__(self, identities: Identities | None = None) -> None:
        self.identities = identities or Identities()

    def lasts(self) -> datetime:
        """Until when a job that is submitted now has a proxy. UsageError where ours starts no job."""
        identity = self.identities.now()
        check_lasting(identity)
        return identity.credential.ends

    def ping(self, contact: Contact, *, limit_s: float = PING_S) -> None:
        """Whether the gatekeeper has the service and would let the user in.

        Refused, Unreachable; UsageError where it says no because the proxy is a limited one.
        """
        identity = self.identities.now()
        try:
            with to_gatekeeper(identity, contact, Deadline(limit_s)) as connection:
                _greet(connection, None)
                connection.wire.post(f"ping/{contact.service}", contact.host, b"")
                _served(connection.wire.answer(), contact)
        except Denied as refusal:
            if refusal.number == AUTHORIZATION and identity.credential.limited:
                check_lasting(identity)  # a gatekeeper says no to a limited proxy as to a user that it does not know
            raise

    def submit(self, contact: Contact, rsl: bytes, *, limit_s: float = SUBMIT_S) -> Submitted:
        """Submit a job, with a limited proxy of ours passed on.

        Denied where the site refuses it. After any other error it may have been taken: with two_phase in its RSL it
        ends there by itself uncommitted.
        """
        identity = self.identities.now()
        check_lasting(identity)
        fields = (("job-state-mask", b"0"), ("callback-url", quoted(NOBODY)), ("rsl", quoted(rsl)))
        with to_gatekeeper(identity, contact, Deadline(limit_s)) as connection:
            _greet(connection, identity)
            connection.wire.post(f"/{contact.service}", contact.host, message(*fields))
            answer = _served(connection.wire.answer(), contact)
        return _submitted(answer, contact)

    def status(self, job: JobContact, *, limit_s: float = STATUS_S) -> State:
        """How a job is. Denied 156 where its manager does not know it, ManagerGone where there is none."""
        return self._query(job, b"status", limit_s)

    def cancel(self, job: JobContact, *, limit_s: float = CANCEL_S) -> State:
        """End a job."""
        return self._query(job, b"cancel", limit_s)

    def signal(self, job: JobContact, signal: Signal, argument: str = "", *, limit_s: float = SIGNAL_S) -> State:
        """Tell a job's manager something. Denied where it, or the site's scheduler, cannot."""
        return self._query(job, f"signal {signal:d} {argument}".encode("ascii"), limit_s)

    def renew(self, job: JobContact, *, limit_s: float = SIGNAL_S) -> None:
        """Pass a new proxy on to a job, and by that to all jobs of its manager."""
        identity = self.identities.now()
        check_lasting(identity)
        with to_manager(identity, job, Deadline(limit_s)) as connection:
            wire = connection.wire
            wire.post(job.path, authority(job.host, job.port), message(("", quoted(b"renew"))))
            _state(wire.answer(), job)
            wire.send(framed(b"D"))
            size = int.from_bytes(wire.exactly(4), "big")
            if not 0 < size <= MOST_BODY:
                raise Garbled(f"{connection.who} asked for a proxy of {size} bytes.", hint=HINT)
            signed = _signed(identity, wire.exactly(size), connection.who)
            # Here the whole chain is wanted: a job manager of GCT 6.2 that gets the proxy alone ends by a fault.
            wire.send(framed(b"".join((signed, *map(_der, identity.credential.chain)))))
            _state(wire.answer(), job)

    def _query(self, job: JobContact, query: bytes, limit_s: float) -> State:
        with to_manager(self.identities.now(), job, Deadline(limit_s)) as connection:
            connection.wire.post(job.path, authority(job.host, job.port), message(("", quoted(query))))
            return _state(connection.wire.answer(), job, coded=query == b"status")


def check_lasting(identity: Identity) -> None:
    """UsageError where the proxy is too short-lived for a site, or may start no jobs."""
    credential = identity.credential
    if credential.left_s() < SHORTEST_S:
        raise UsageError(
            f"The proxy {credential.file} is valid for {lasting(credential.left_s())} only; a site wants ten minutes.",
            hint="`zeligrid proxy init` makes a new one.",
        )
    if credential.limited:
        raise UsageError(
            f"The proxy {credential.file} is a limited one, with which no job can be started.",
            hint="`zeligrid proxy init` makes a full one.",
        )


def _greet(connection: Connection, identity: Identity | None) -> None:
    """What comes before the first message: a sign of TLS 1.3, and whether a proxy is passed on."""
    wire = connection.wire
    if connection.version == "TLSv1.3" and wire.exactly(1) != b"\0":
        raise Garbled(f"{connection.who} does not talk GSI.", hint=HINT)
    wire.send(b"D" if identity else b"0")
    if identity:
        wire.send(_signed(identity, wire.token(), connection.who))


def _signed(identity: Identity, request: bytes, who: str) -> bytes:
    """A limited proxy of ours for who asks."""
    try:
        return delegate(identity.credential, request)
    except ValueError as error:
        raise Garbled(f"{who} asked for a proxy in a way that is not understood: {error}.", hint=HINT) from error


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _served(answer: Answer, contact: Contact) -> Answer:
    """The answer of a gatekeeper that served. Refused where it did not."""
    if answer.code == 200:
        return answer
    who = f"The gatekeeper {contact.where}"
    number = _HTTP.get(answer.code)
    if number is not None:
        raise denied(who, number, contact.service if number == SERVICE_NOT_FOUND else "")
    account = "The account that it maps you to may not be there. " if answer.code == 500 else ""
    raise Refused(
        f"{who} says no: {answer.code} {answer.reason}.", hint=f"{account}Ask who runs it: its logs say more."
    )


_HTTP = {403: AUTHORIZATION, 404: SERVICE_NOT_FOUND}


def _submitted(answer: Answer, contact: Contact) -> Submitted:
    who = f"The site {contact.where}"
    number = answer.number("status", who)
    if number not in (0, WAITING_FOR_COMMIT):
        raise denied(who, number, answer.fields.get("gt3-failure-message", ""))
    try:
        job = job_contact(answer.fields.get("job-manager-url", ""))
    except UsageError as error:
        raise Garbled(f"{who} took the job and named no contact for it.", hint=HINT) from error
    return Submitted(job, waits=number == WAITING_FOR_COMMIT)


def _state(answer: Answer, job: JobContact, *, coded: bool = False) -> State:
    """The state in an answer; only that to a query of it has the exit code, others say 0 of all jobs."""
    who = job.where[0].upper() + job.where[1:]
    if answer.code != 200:
        raise Refused(f"{who} says no: {answer.code} {answer.reason}.", hint="Try again.")
    state, failure = answer.number("status", who), answer.number("failure-code", who)
    if failure:
        raise denied(who, failure, answer.fields.get("gt3-failure-message", ""))
    code = answer.number("exit-code", who) if coded and "exit-code" in answer.fields else None
    return State(state, answer.number("job-failure-code", who), code)
