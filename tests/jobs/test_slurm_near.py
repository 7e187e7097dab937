"""What is done without a shell where Slurm's commands are on this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from zeligui.jobs.slurm import near

ID = "0" * 32


async def test_what_sbatch_says_comes_back_whatever_it_is(own_home: Path) -> None:
    del own_home
    said = await near.handed_over("site", ID, ["sh", "-c", r"printf '12\n\351\0'; echo no >&2; umask; exit 1"], "0027")
    assert said == "12\n\udce9no\n0027\n"
    assert (
        await near.handed_over("site", ID, ["/nowhere/sbatch"], "0022") == "/nowhere/sbatch: No such file or directory"
    )


async def test_nothing_is_handed_over_that_was_claimed_before(own_home: Path) -> None:
    claims = own_home / ".zeligrid" / "jobs" / "slurm-site" / "claims"
    claims.mkdir(parents=True)
    (claims / ID).touch()
    assert await near.handed_over("site", ID, ["touch", str(own_home / "made")], "0022") is None
    assert not (own_home / "made").exists()


async def test_of_an_sbatch_that_does_not_end_it_is_said(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del own_home
    monkeypatch.setattr(near, "SUBMIT_LIMIT_S", 0.2)
    with pytest.raises(TimeoutError):
        await near.handed_over("site", ID, ["sleep", "60"], "0022")


async def test_one_of_all_who_make_the_decision_lets_the_job_go(tmp_path: Path) -> None:
    assert sorted(await asyncio.gather(*(near.granted(str(tmp_path)) for _ in range(20)))) == [False] * 19 + [True]
    assert (tmp_path / "decided").read_bytes() == b""
    (tmp_path / "withheld" / "decided").mkdir(parents=True)
    assert not await near.granted(str(tmp_path / "withheld"))
    assert not await near.granted(str(tmp_path / "nowhere"))
