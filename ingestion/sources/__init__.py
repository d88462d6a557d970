"""One module per vendor system: its tables and how their records are read."""
