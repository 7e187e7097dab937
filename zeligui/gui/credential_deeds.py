"""What is done with credentials: look at them, renew and destroy the proxy, and warn before it ends."""

from __future__ import annotations

from shiboken6 import isValid

from zeligui.clock import Clock
from zeligui.errors import ZeliGridError
from zeligui.gui.credentials_dialog import CredentialsDialog
from zeligui.gui.dialogs import confirm
from zeligui.gui.passphrase_dialog import PassphraseDialog
from zeligui.gui.window import MainWindow
from zeligui.gui.words import local_time
from zeligui.gui.work import Work
from zeligui.jobs.checkups import GRID_SCHEMES
from zeligui.links.gsi.proxies import USUAL_S
from zeligui.session.session import Session
from zeligui.session.snapshot import Snapshot
from zeligui.session.wallet import Credentials, Lasting, Proxy

LOOK = "Look at your credentials"
RENEW = "Renew the proxy"
DESTROY = "Destroy the proxy"
ENDS = "The proxy ends"
"""The key of the warning: it stays where renewing is begun and given up."""
MADE_S = 10.0
"""How long it is said that a proxy was made."""
TOO_LONG = "It took too long, and was given up. Is the disk that the files are on there?"


class CredentialDeeds:
    """The actions about credentials. The dialog stays open beside the window, and true."""

    def __init__(self, window: MainWindow, session: Session, work: Work, clock: Clock) -> None:
        self._window = window
        self._session = session
        self._work = work
        self._clock = clock
        self._warned = Lasting.LONG
        self._shown: Proxy | None = None
        self.dialog: CredentialsDialog | None = None
        self.asking: PassphraseDialog | None = None
        window.actions_.connect({"credentials": self.show})

    def show(self) -> None:
        """Show the credentials, beside the window."""
        if self.dialog is None:
            self.dialog = CredentialsDialog(self._clock, self._window)
            self.dialog.renew_asked.connect(self.renew)
            self.dialog.destroy_asked.connect(lambda: self._work.do(DESTROY, self._destroy))
            self.dialog.look_asked.connect(self._look)
            self.dialog.finished.connect(self._forget)
            self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self._look()

    def follow(self, snapshot: Snapshot) -> None:
        """Warn where the proxy ends soon, and show another one that came."""
        if proxy := snapshot.proxy:
            self._warn(proxy, snapshot)
            if proxy != self._shown:
                self._look()

    # --- looking ------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        if self.dialog and self.dialog.isVisible():
            self._work.do(LOOK, self._read)

    async def _read(self) -> Credentials:
        found = await self._session.wallet.read()
        self._shown = found.proxy
        if self.dialog:
            self.dialog.show_credentials(found)
        return found

    def _warn(self, proxy: Proxy, snapshot: Snapshot) -> None:
        """Once each time that it stands worse. An old one that nothing asks for is left in peace."""
        standing = proxy.lasting(self._clock.now())
        if standing == self._warned:
            return
        before, self._warned = self._warned, standing
        messages = self._window.messages
        needed = any(service.url.partition("://")[0] in GRID_SCHEMES for service in snapshot.services)
        if standing is Lasting.LONG:
            messages.take_back(ENDS)
        elif standing is Lasting.ENDED and before is Lasting.LONG and not needed:
            self._warned = before
        else:
            words, hint = _warning(proxy, standing)
            kind = "error" if standing is Lasting.ENDED else "warning"
            messages.say(kind, words, hint, [("Rene&w proxy", self.renew)], key=ENDS)

    # --- renewing and destroying --------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Make a new proxy; the pass phrase is asked for where the key has one."""
        self._work.do(RENEW, self._renew)

    async def _renew(self) -> None:
        certificate = (await self._read()).certificate
        if trouble := certificate.trouble or certificate.key_trouble:
            raise ZeliGridError(trouble.says, hint=trouble.mend)
        if not certificate.locked:
            await self._make("")
        elif self.asking is None:
            self.asking = PassphraseDialog(certificate.key, self.dialog or self._window)
            self.asking.given.connect(self._try)
            self.asking.finished.connect(self._forget_asking)
            self.asking.open()

    def _try(self) -> None:
        # Not through `Work.do`, which keeps what it does for a retry: a pass phrase is kept nowhere.
        if self.asking:
            self._work.tasks.start(RENEW, self._make_by(self.asking))

    async def _make_by(self, asking: PassphraseDialog) -> None:
        try:
            await self._make(asking.take())
        except ZeliGridError as error:
            if isValid(asking):
                asking.failed(f"{error} {error.hint}".strip())
        except TimeoutError:
            if isValid(asking):
                asking.failed(TOO_LONG)
        else:
            if isValid(asking):
                asking.made()

    async def _make(self, passphrase: str) -> None:
        valid_s, limited = (self.dialog.valid_s, self.dialog.limited.isChecked()) if self.dialog else (USUAL_S, False)
        self._say_doing("The proxy is being made…")
        try:
            await self._session.wallet.renew(passphrase, valid_s=valid_s, limited=limited)
        finally:
            self._say_doing("")
        self._after(f"The proxy was renewed; it lasts until {_until(self._session.wallet.proxy)}.")

    async def _destroy(self) -> None:
        file = self._session.wallet.proxy.file if self._session.wallet.proxy else None
        parent = self.dialog or self._window
        question = "Destroy the proxy? Jobs at grid sites cannot be steered until there is another one."
        if file is None or not await confirm(parent, question, "Destroy", [str(file)]):
            return
        await self._session.wallet.destroy()
        self._after("The proxy is destroyed.")

    def _after(self, words: str) -> None:
        """Show how it is now."""
        self._window.say(words, MADE_S)
        if self._session.wallet.proxy:
            self._warned = self._session.wallet.proxy.lasting(self._clock.now())
        self._window.messages.take_back(ENDS)
        self._session.services.check_all(GRID_SCHEMES)
        self._look()

    def _say_doing(self, doing: str) -> None:
        if self.dialog:
            self.dialog.say_doing(doing)

    def _forget(self) -> None:
        if self.dialog:
            self.dialog.deleteLater()
            self.dialog = None

    def _forget_asking(self) -> None:
        if self.asking:
            self.asking.deleteLater()
            self.asking = None


def _until(proxy: Proxy | None) -> str:
    return local_time(proxy.ends) if proxy else ""


def _warning(proxy: Proxy, standing: Lasting) -> tuple[str, str]:
    """A sentence, and what to do."""
    until = _until(proxy)
    if standing is Lasting.SOON:
        return f"Your grid proxy ends at {until}.", "Renew it, so that jobs at grid sites can be started and steered."
    if standing is Lasting.SHORT:
        return f"Your grid proxy ends at {until}: gatekeepers refuse it already.", "Renew it."
    return f"Your grid proxy ended at {until}.", "Renew it: until then no job at a grid site is started or steered."
