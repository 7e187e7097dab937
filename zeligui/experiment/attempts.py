"""The life of one attempt on its host: prepared, committed, stopped, its files brought home."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zeligui.errors import InDoubt, JournalError, LinkError, Refused, SubmissionRefused, UsageError, ZeliGridError
from zeligui.experiment.book import Book
from zeligui.experiment.calling.homecalls import HomeCalls
from zeligui.experiment.description import Experiment, resolve_secrets
from zeligui.experiment.reasons import because
from zeligui.experiment.staging import Staging
from zeligui.experiment.state import AttemptState, Phase
from zeligui.jobs.anywhere import holder
from zeligui.jobs.job import JobDescription, JobState, JobStatus
from zeligui.jobs.service import JobService
from zeligui.links.calls import call

STOP_GRACE_S = 10.0
"""Between TERM and KILL when a job is moved or held: time to write its checkpoint."""
TOLD_BYTES = 1 << 20
"""How much of each output stream of an attempt becomes events; the whole of it is in the results."""
PIECE_BYTES = 1 << 16
LOOK_S = 3.0
"""Between two looks at the end of an output that is told no more."""
END_BYTES = 2000
STREAMS = ("stdout", "stderr")


class Attempts:
    """Does to attempts what the controller decides, writing each step to the book before and after it."""

    def __init__(
        self,
        book: Book,
        experiment: Experiment,
        service: Callable[[str], JobService],
        checkpoints: Path,
        calls: HomeCalls | None = None,
        *,
        staging: Staging | None = None,
    ) -> None:
        self._book = book
        self._experiment = experiment
        self.service = service
        self._checkpoints = checkpoints
        self._calls = calls
        self._looked: dict[str, float] = {}
        self._staging = staging or Staging()
        self.ends: dict[str, str] = {}
        """What attempts that printed more than is told printed last."""

    async def prepare(self, instance: int, host: str, service: str, profile: str | None) -> AttemptState:
        """Prepare a new attempt up to where it only needs `commit`.

        SubmissionRefused: the host will not have it. LinkError: the host does not answer. It is ended either way.
        """
        job = self._experiment.job
        now = self._book.clock.now()
        wanted = AttemptState(secrets.token_hex(16), instance, host, service, profile, Phase.INTENT, now)
        asked: dict[str, Any] = {"cpus": job.cpus, "memory_mb": job.memory_mb, "interactive": job.interactive}
        await self._book.record("intent", attempt=wanted, service=service, **asked)
        attempt = self._book.attempt(wanted)
        try:
            described = await self._description(attempt)
            with self._staging.following(attempt.id) as tell:
                handle = await self.service(service).prepare(attempt.id, described, tell=tell)
            await self.give_checkpoint(attempt)
        except SubmissionRefused as refused:
            await self._book.record("refused", because(refused), attempt=attempt)
            raise
        except (LinkError, InDoubt) as error:
            # What was not committed ends by itself, so it certainly never runs.
            await self._book.record("released", because(error), attempt=attempt)
            raise
        except JournalError:
            raise
        except ZeliGridError as error:
            await self._book.record("released", because(error), attempt=attempt)
            if isinstance(error, UsageError):
                raise  # something is wrong here, not there
            raise SubmissionRefused(str(error)) from error
        chosen = holder(self.service(service), attempt.id)
        await self._book.record("prepared", attempt=attempt, handle=handle, service=chosen)
        return self._book.attempt(attempt)

    async def _description(self, attempt: AttemptState) -> JobDescription:
        job = self._experiment.job
        environment = await call(resolve_secrets, job.environment)
        described = JobDescription(
            executable=job.executable,
            arguments=tuple(job.arguments),
            environment={
                **environment,
                "ZELIGRID_INSTANCE": str(attempt.instance),
                "ZELIGRID_RESTART": str(attempt.restart),
            },
            input=tuple(job.input),
            folder=self._experiment.file.parent,
            interactive=job.interactive,
            cpus=job.cpus,
            memory_mb=job.memory_mb,
            limit_s=job.limit_s,
        )
        return await self._calls.arm(attempt, described) if self._calls else described

    async def give_checkpoint(self, attempt: AttemptState) -> None:
        """Put the instance's last checkpoint, where it has one, into the place of a prepared attempt."""
        names = self._book.state.instances[attempt.instance].checkpoint
        if names:
            await self.service(attempt.service).give(attempt.id, self._checkpoint_folder(attempt.instance), names)

    def _checkpoint_folder(self, instance: int) -> Path:
        return self._checkpoints / self._experiment.name / str(instance)

    async def commit(self, attempt: AttemptState) -> bool:
        """Let it run. False where it is certainly not started; in doubt it stays prepared, and polls will tell."""
        try:
            await self.service(attempt.service).commit(attempt.id)
        except SubmissionRefused as refused:
            await self._book.record("refused", because(refused), attempt=attempt)
            return False
        except (LinkError, InDoubt):
            return True
        await self._book.record("placed", self._placed_words(attempt), attempt=attempt, restart=attempt.restart)
        return True

    def _placed_words(self, attempt: AttemptState) -> str:
        if not attempt.restart:
            return f"{self._experiment.job.executable} was started on {attempt.host}"
        carried = self._book.state.instances[attempt.instance].checkpoint
        what = f"with its checkpoint ({', '.join(carried)})" if carried else "from the beginning"
        return f"{self._experiment.job.executable} was started again on {attempt.host}, {what}"

    async def release(self, attempt: AttemptState, reason: str) -> None:
        """Give up what was prepared and not committed; a host that does not answer lets it end by itself."""
        await self._book.record("released", reason, attempt=attempt)
        try:
            await self.service(attempt.service).cancel(attempt.id, grace_s=0.0)
            await self.service(attempt.service).discard(attempt.id)
        except JournalError:
            raise
        except ZeliGridError:  # unreachable, or not over yet: what was not committed ends by itself
            return

    async def cancel(self, attempt: AttemptState) -> None:
        """Ask its end: TERM, and KILL after the grace."""
        await self.service(attempt.service).cancel(attempt.id, grace_s=STOP_GRACE_S)

    async def tell_output(self, attempt: AttemptState, *, to_the_end: bool = False) -> None:
        """Turn what each output stream has more into events; what follows the last line end may wait for more."""
        for stream in STREAMS:
            while await self._tell_piece(self._book.attempt(attempt), stream) >= (1 if to_the_end else PIECE_BYTES):
                pass
        await self._look_at_end(self._book.attempt(attempt), at_once=to_the_end)

    async def _look_at_end(self, attempt: AttemptState, *, at_once: bool) -> None:
        """Where a job has printed more than is told, look now and then at what it printed last."""
        now = self._book.clock.patience()
        looked = self._looked.get(attempt.id, float("-inf"))
        if attempt.read.get(STREAMS[0], 0) < TOLD_BYTES or (now - looked < LOOK_S and not at_once):
            return
        self._looked[attempt.id] = now
        service = self.service(attempt.service)
        length = await service.length(attempt.id, STREAMS[0])
        end = await service.read(attempt.id, STREAMS[0], max(0, length - END_BYTES), most=END_BYTES)
        self.ends[attempt.id] = end.decode("utf-8", "backslashreplace")

    async def _tell_piece(self, attempt: AttemptState, stream: str) -> int:
        """Tell the next piece of a stream; how many bytes there were to tell."""
        offset = attempt.read.get(stream, 0)
        if offset >= TOLD_BYTES:
            return 0
        piece = await self.service(attempt.service).read(attempt.id, stream, offset, most=PIECE_BYTES)
        if told := _whole_characters(piece):
            text = told.decode("utf-8", "backslashreplace")
            await self._book.record("output", attempt=attempt, stream=stream, text=text, offset=offset, bytes=len(told))
        return len(piece)

    async def save_checkpoint(self, attempt: AttemptState) -> None:
        """Fetch the checkpoint of a job that was stopped, for its next start."""
        patterns = self._experiment.job.checkpoint
        if not patterns:
            return
        folder = self._checkpoint_folder(attempt.instance)
        with _writing(folder):
            await call(lambda: folder.mkdir(parents=True, exist_ok=True))
        names = await self._fetch(attempt, patterns, folder)
        if names:
            words = f"fetched {', '.join(names)} from {attempt.host}"
            await self._book.record("checkpointed", words, attempt=attempt, names=list(names))

    async def bring_home(self, attempt: AttemptState) -> None:
        """Copy output files and both streams into results/NAME/INSTANCE, then clear the job's directory there."""
        service, folder = self.service(attempt.service), self.results(attempt)
        suffix = "" if attempt.outcome in {"done", "failed", "canceled"} else f".{attempt.restart}"
        with _writing(folder):
            await call(lambda: folder.mkdir(parents=True, exist_ok=True))
            for stream in STREAMS:
                await self._save_stream(service, attempt.id, stream, folder / f"{stream}{suffix}")
        names: Sequence[str] = ()
        if not suffix and self._experiment.job.output:
            names = await self._fetch(attempt, self._experiment.job.output, folder)
        await self._book.record("collected", attempt=attempt, names=list(names), folder=str(folder))
        await service.discard(attempt.id)
        await self._book.record("discarded", attempt=attempt)

    async def _fetch(self, attempt: AttemptState, patterns: Sequence[str], folder: Path) -> Sequence[str]:
        """Fetch files; where the machine answers and will not give them, say so and go on without."""
        service = self.service(attempt.service)
        try:
            with self._staging.following(attempt.id) as tell:
                return await service.fetch(attempt.id, patterns, folder, tell=tell)
        except Refused as refused:
            await service.find([attempt.id])  # a LinkError where it is the machine that cannot be used
            await self._book.record("incomplete", because(refused), attempt=attempt)
            return ()

    def results(self, attempt: AttemptState) -> Path:
        """Where what an attempt leaves is kept; what an earlier run still owed has a folder of its own there."""
        folder = self._experiment.file.parent / "results" / self._experiment.name / str(attempt.instance)
        instance = self._book.state.instances.get(attempt.instance)
        return folder if instance and attempt.id in instance.attempts else folder / attempt.id

    async def _save_stream(self, service: JobService, attempt: str, stream: str, file: Path) -> None:
        part = file.with_name(f"{file.name}.part")
        await call(part.write_bytes, b"")
        offset = 0
        while piece := await service.read(attempt, stream, offset, most=16 * PIECE_BYTES):
            offset += len(piece)
            await call(_append, part, piece)
        await call(part.replace, file)

    async def settle(self, debt: AttemptState) -> bool:
        """Cancel and collect what was given up while its host was silent; False while it must be tried again."""
        service = self.service(debt.service)
        try:
            status = (await service.find([debt.id])).get(debt.id)
            if status is None:
                await service.cancel(debt.id)  # leaves a tombstone: it can never begin there
            elif status.state is None:
                return False  # it cannot be told, as where the name leads to another machine now
            elif not status.state.final:
                await service.cancel(debt.id, grace_s=STOP_GRACE_S)
                return False
            else:
                await self.bring_home(debt)
        except LinkError:
            return False
        await self._book.record("settled", _settled_words(debt, status), attempt=debt)
        return True


def _settled_words(debt: AttemptState, status: JobStatus | None) -> str:
    if status is None:
        return f"{debt.host} knows nothing of it any more"
    ended = "had ended by itself" if status.state is JobState.DONE else "was ended"
    return f"{debt.host} answers again; what ran there {ended} and was cleared"


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say in words that files cannot be written here, as on a full disk."""
    try:
        yield
    except OSError as error:
        raise ZeliGridError(
            f"What the jobs leave cannot be written into {folder}: {error.strerror or error}.",
            hint="Make room there, then run the same command again: the jobs go on, and nothing of theirs is lost.",
        ) from error


def _append(file: Path, piece: bytes) -> None:
    with file.open("ab") as end:
        end.write(piece)


def _whole_characters(piece: bytes) -> bytes:
    """The piece up to its last line end where it has one, else without a UTF-8 character that is cut at its end."""
    line = piece.rfind(b"\n") + 1
    if line:
        return piece[:line]
    whole = piece.decode("utf-8", "ignore").encode()
    return whole if piece.startswith(whole) and len(piece) - len(whole) < 4 and whole else piece
