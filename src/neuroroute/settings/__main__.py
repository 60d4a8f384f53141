"""`python -m neuroroute.settings > .env.example`: every setting with its default and one line."""

from neuroroute.settings.table import SETTINGS, Setting

_HEAD = """\
# Every setting of NeuroRoute. Copy to .env, take the first # off a line and change it; the process's environment wins.
# An empty value counts as unset.
"""


def example() -> str:
    """The text of `.env.example`: nothing in it holds until it is uncommented, and all of it may be."""
    return _HEAD + "".join(map(_entry, SETTINGS))


def _entry(setting: Setting[object]) -> str:
    return f"\n# {setting.means} ({setting.format.allowed})\n#{setting.name}={setting.default}\n"


if __name__ == "__main__":
    print(example(), end="")  # noqa: T201 -- this is what the module is run for
