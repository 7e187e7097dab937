"""Where measurements come from: one adaptor a URL scheme, found in the entry-point group `zeligrid.sources`."""
