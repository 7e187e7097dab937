"""What runs on a watched machine: one file, standard library only, shipped over the connection."""
