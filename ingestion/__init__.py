"""Vendor records to raw tables: extraction, landing guards, quarantine. Runs without an orchestrator."""
