"""The web console: people read the published copy, and decide on corrections through the ledger's use cases."""
