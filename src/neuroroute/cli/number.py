"""A number of the command line."""

from math import isnan

import click


class Number(click.FloatRange):
    """A range that NaN is not in: it is neither below the least nor above the most."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if isnan(number):
            self.fail("nan is no number.", param, ctx)
        return number
