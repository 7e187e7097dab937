"""How far a job's files are on their way: words, and a bar that is there only while they are."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from zeligui.gui.elided import ElidedLabel
from zeligui.gui.service_words import percent, staging_words
from zeligui.session.snapshot import RemoteJob

PARTS = 1000


class StagingLine(QWidget):
    """One line above the details."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = ElidedLabel("", self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, PARTS)
        self.bar.setAccessibleName("Files on their way")
        self.bar.setMaximumWidth(self.fontMetrics().averageCharWidth() * 24)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, self.fontMetrics().height() // 3)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.bar)
        self.show_staging(None)

    def show_staging(self, job: RemoteJob | None) -> None:
        """Show this; nothing is to be seen where no files are on their way."""
        progress = job.staging if job else None
        if job and progress:
            self.words.say(staging_words(job))
            self.bar.setValue(int(progress.share * PARTS))
            self.bar.setFormat(percent(progress))
        self.setVisible(progress is not None)
