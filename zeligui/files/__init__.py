"""Files of this and other machines, and copies between them; services are found by URL scheme (`zeligrid.files`)."""
