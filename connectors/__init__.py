"""How to talk to each vendor: sign-in, paging, limits, errors, reads and writes. Nothing about why."""
