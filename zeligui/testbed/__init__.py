"""An embedded grid of several nodes on this machine, for the demo, the tests and a first look."""
