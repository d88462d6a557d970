"""Everything a firm changes without code, validated on load: estate, ownership, policy, checks, maps, calendars."""

from config.errors import ConfigError
from config.loader import load_config
from config.schema import Config, Instance

__all__ = ["Config", "ConfigError", "Instance", "load_config"]
