"""Jobs of Slurm clusters: `slurm://` here, `slurm+ssh://` behind a login."""

from zeligui.jobs.slurm.service import ADAPTOR, SlurmService, open_service

__all__ = ["ADAPTOR", "SlurmService", "open_service"]
