"""GRAM5, the protocol by which sites of the Globus Toolkit and its successor take jobs, over TLS with grid proxies."""
