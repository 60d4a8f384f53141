"""What this installation was told to do: read once, checked whole, then passed down as values."""

from neuroroute.settings.environment import SettingsError, read_environment
from neuroroute.settings.settings import RedisSettings, Settings
from neuroroute.settings.table import Access, LogLevel, PolicyName, Profile

__all__ = [
    "Access",
    "LogLevel",
    "PolicyName",
    "Profile",
    "RedisSettings",
    "Settings",
    "SettingsError",
    "read_environment",
]
