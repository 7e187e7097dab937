"""MGRP: remote jobs: their states, the services that run them, staging of their files."""
