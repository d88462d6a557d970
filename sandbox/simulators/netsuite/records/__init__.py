"""The REST record API over the store."""
