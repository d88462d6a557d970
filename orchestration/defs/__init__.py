"""One module per concern; each builds its part of the definitions."""
