"""Grid Security Infrastructure: certificates, the proxies made from them, and the authorities that are trusted."""
