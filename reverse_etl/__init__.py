"""Corrections under governance: propose, approve, write once, verify, undo; with a durable ledger of its own."""
