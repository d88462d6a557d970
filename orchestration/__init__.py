"""Dagster, and only here: assets, checks, partitions, schedules, sensors, pools."""
