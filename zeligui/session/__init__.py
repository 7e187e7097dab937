"""What a window keeps open for long: machines, experiments, contracts and the journal, seen as frozen snapshots."""
