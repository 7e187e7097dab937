"""The user's credentials: read as they are, renewed, destroyed, and looked at again when they change."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.grid.scripted import Handset
from tests.links.gsi.authority import DAY, Authority
from zeligui.clock import Clock, SystemClock
from zeligui.errors import UsageError
from zeligui.links.contexts import Contexts, Standing
from zeligui.links.gsi.credentials import read_pair
from zeligui.links.gsi.proxies import make_proxy, write_proxy
from zeligui.session.wallet import LOOK_S, Lasting, Proxy, Wallet

WORDS = "open sesame"


class News:
    """Counts how often something changed."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1

    async def of(self, wallet: Wallet) -> bool:
        """Whether a look brings any."""
        before = self.count
        await wallet.look()
        return self.count > before


def wallet_of(clock: Clock, news: News | None = None) -> Wallet:
    return Wallet(clock, contexts=Contexts, changed=news or News())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates")


@pytest.fixture
def globus(own_home: Path) -> Path:
    """The folder where the user's certificate is."""
    folder = own_home / ".globus"
    folder.mkdir()
    return folder


@pytest.fixture
def file() -> Path:
    return Path(os.environ["X509_USER_PROXY"])


async def test_where_nothing_is_there_it_is_said_what_to_do(file: Path) -> None:
    found = await wallet_of(SystemClock()).read()
    assert found.certificate.trouble
    assert found.certificate.trouble.missing
    assert "An authority of your grid signs one" in found.certificate.trouble.mend
    assert found.certificate.key_trouble
    assert found.proxy.file == file
    assert found.proxy.trouble
    assert found.proxy.trouble.missing
    assert found.proxy.lasting(datetime.now(UTC)) is Lasting.LONG
    assert [(one.kind, one.standing) for one in found.keys] == [("agent", Standing.ABSENT)]


async def test_a_certificate_is_read_without_its_pass_phrase(authority: Authority, globus: Path) -> None:
    authority.user(globus, passphrase=WORDS.encode())
    found = (await wallet_of(SystemClock()).read()).certificate
    assert (found.name, found.authority) == ("/O=Grid/OU=Sim/CN=Some One", "/O=Grid/OU=Sim/CN=Test CA")
    assert found.locked
    assert found.trouble is found.key_trouble is None
    assert found.ends
    assert 9 * DAY < found.ends - datetime.now(UTC) < 11 * DAY


async def test_a_key_that_others_can_read_is_blamed_beside_the_key(authority: Authority, globus: Path) -> None:
    _, key = authority.user(globus)
    key.chmod(0o644)
    found = (await wallet_of(SystemClock()).read()).certificate
    assert found.trouble is None
    assert found.key_trouble
    assert "can be read by other users" in found.key_trouble.says
    assert "chmod 600" in found.key_trouble.mend


async def test_a_proxy_is_made_and_destroyed(authority: Authority, globus: Path, file: Path) -> None:
    authority.user(globus, passphrase=WORDS.encode())
    wallet = wallet_of(SystemClock())
    with pytest.raises(UsageError, match="pass phrase does not open"):
        await wallet.renew("wrong", valid_s=3600, limited=False)
    assert not file.exists()
    await wallet.renew(WORDS, valid_s=3600, limited=True)
    assert wallet.proxy
    assert wallet.proxy.limited
    assert 3500 < wallet.proxy.left_s(datetime.now(UTC)) <= 3600
    await wallet.destroy()
    assert not file.exists()
    assert wallet.proxy.trouble


async def test_a_proxy_that_another_program_made_is_seen(authority: Authority, globus: Path, file: Path) -> None:
    clock, news = Handset(), News()
    wallet = wallet_of(clock, news)
    await wallet.look()
    assert wallet.proxy
    assert wallet.proxy.trouble
    write_proxy(make_proxy(read_pair(*authority.user(globus)), valid_s=7200), file)
    assert not await news.of(wallet)
    clock.waited += LOOK_S
    assert await news.of(wallet)
    assert wallet.proxy.identity == "/O=Grid/OU=Sim/CN=Some One"
    clock.waited += LOOK_S
    assert not await news.of(wallet)
    file.chmod(0o644)
    clock.waited += LOOK_S
    assert await news.of(wallet)
    assert wallet.proxy.trouble
    assert "can be read by other users" in wallet.proxy.trouble.says


async def test_a_proxy_whose_authority_is_not_trusted_here_is_no_good(
    authority: Authority, globus: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_proxy(make_proxy(read_pair(*authority.user(globus))), file)
    other = Authority(tmp_path / "others", "Other CA", number=1)
    monkeypatch.setenv("X509_CERT_DIR", str(other.folder))
    wallet = wallet_of(SystemClock())
    await wallet.look()
    assert wallet.proxy
    assert wallet.proxy.identity == "/O=Grid/OU=Sim/CN=Some One"
    assert wallet.proxy.trouble
    assert "trust" in wallet.proxy.trouble.says


@pytest.mark.parametrize(
    ("left_s", "lasting"), [(7200, Lasting.LONG), (1700, Lasting.SOON), (500, Lasting.SHORT), (-1, Lasting.ENDED)]
)
def test_how_its_time_stands(left_s: float, lasting: Lasting) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    proxy = Proxy(Path("/p"), begins=now - DAY, ends=now + timedelta(seconds=left_s))
    assert proxy.lasting(now) is lasting
    assert proxy.left_s(now) == max(0, left_s)


async def test_that_its_time_runs_out_is_news(authority: Authority, globus: Path, file: Path) -> None:
    write_proxy(make_proxy(read_pair(*authority.user(globus)), valid_s=1900), file)
    clock, news = Now(), News()
    wallet = wallet_of(clock, news)
    assert await news.of(wallet)
    clock.offset = timedelta(seconds=200)
    assert await news.of(wallet)
    assert not await news.of(wallet)
    clock.offset = timedelta(seconds=2000)
    assert await news.of(wallet)


class Now(Handset):
    """Its calendar is the machine's own, so much later."""

    offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset
