"""Measurements that are run by hand and printed, never asserted in tests."""
