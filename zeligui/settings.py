"""Settings and experiment files: TOML read into frozen dataclasses, every key checked, units understood."""
