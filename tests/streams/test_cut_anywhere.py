"""Streams that are cut at every byte, over HTTP: one of each language, as they are and translated."""

import pytest
from streams.cutting import Cut, Cutting, both, check_cuts, in_turn
from streams.routes import ROUTES

EVERY = 41
"""Bytes from one reset connection to the next."""

each = pytest.mark.parametrize("name", ROUTES)


@each
def test_every_byte_is_told_truly(name, stage):
    route = ROUTES[name]
    sizes = range(len(route.stream.wire) + 1)
    check_cuts(stage, Cutting(f"all.{name}", route, in_turn(sizes) if route.crossed else both(sizes)))


@each
def test_up_to_the_first_content_the_fallback_that_is_named_answers(name, stage):
    route = ROUTES[name]
    sizes = range(route.stream.ends[route.stream.first + 1] + 2)
    check_cuts(stage, Cutting(f"spare.{name}", route, in_turn(sizes)), fallback="local")


def test_a_connection_that_breaks_is_a_stream_that_is_cut(stage):
    cuttings = []
    for name, route in ROUTES.items():
        sizes = {*range(0, len(route.stream.wire), EVERY), *route.stream.ends}
        cuttings.append(Cutting(f"rst.{name}", route, [Cut(size, "rst") for size in sorted(sizes)]))
    check_cuts(stage, *cuttings)
