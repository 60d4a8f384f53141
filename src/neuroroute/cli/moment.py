"""A moment as the command line says it."""

import click


def moment(context: click.Context, option: click.Parameter, said: str | None) -> float | None:
    """ISO 8601, or seconds since 1970, as epoch seconds: a callback of options."""
    del context, option
    from neuroroute.dialects.moments import moment

    try:
        return None if said is None else moment(said)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong)) from wrong
