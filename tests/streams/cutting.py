"""Cuts a provider's stream at many places, asks for each, and holds answers and ledger against what is due."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from streams.caller import Question
from streams.expected import Route, check_row
from streams.provider import End, Script


class Cut(NamedTuple):
    """After so many bytes, and how."""

    size: int
    ending: str


ENDINGS = {
    "fin": {"end": End.FIN},
    "unframed": {"framed": False},
    "rst": {"end": End.RST},
}
"""A chunked body without its end; one that nothing frames; a connection that breaks."""


def both(sizes: Iterable[int]) -> list[Cut]:
    """Each place in both ways of an ordinary close."""
    return [Cut(size, ending) for size in sizes for ending in ("fin", "unframed")]


def in_turn(sizes: Iterable[int]) -> list[Cut]:
    """Each place in one of the two ways."""
    return [Cut(size, ("fin", "unframed")[size % 2]) for size in sizes]


class Cutting(NamedTuple):
    """One stream, and all that is done to it."""

    name: str
    route: Route
    cuts: Sequence[Cut]


def check_cuts(stage, *cuttings: Cutting, **said) -> None:
    """Raises: AssertionError, with the first of those that are wrong."""
    cases = dict[str, tuple[Route, int, Question]]()
    for name, route, cuts in cuttings:
        for size, ending in cuts:
            case = f"{name}.{ending}.{size}".replace(" ", "-")
            stage.provider.scripts[case] = Script([route.stream.wire[:size]], **ENDINGS[ending])
            cases[case] = route, size, Question(case, route.language, route.model, **said)
    replies = stage.ask([question for _, _, question in cases.values()])
    rows = stage.rows(cases)
    wrong = []
    for case, (route, size, question) in cases.items():
        try:
            route.check(question, replies[case], size)
            check_row(route, question, rows[case], size)
        except (AssertionError, KeyError, ValueError) as error:
            wrong.append(f"{case}: {error!r}"[:2000])
    assert not wrong, f"{len(wrong)} of {len(cases)}: {wrong[:3]}"
