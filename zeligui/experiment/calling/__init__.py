"""Home-calling: a job gets an ssh key of its own, by which it may fetch, report and put, and nothing else."""
