"""An embedded grid: several nodes on this machine with nothing to install, for the demo, the tests and a first look."""
