"""How other machines are reached: local shells, OpenSSH connections, credentials, blocking calls off the loop."""
