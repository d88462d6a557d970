"""One stateful simulator per vendor, served over real HTTP on loopback."""
