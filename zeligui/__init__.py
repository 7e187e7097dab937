"""ZeliGrid keeps your jobs on machines that honour a contract."""

__version__ = "0.1.0"
