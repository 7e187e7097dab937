"""MIRC: what an application accepts of a machine, as a contract of profiles, best first."""
