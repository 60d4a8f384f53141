"""What every health board promises."""

import pytest

from neuroroute.domain.health import COOL_DOWN, MIN_CALLS, HealthStatus, ModelHealth
from neuroroute.domain.model import ModelId
from neuroroute.infrastructure.memory.health import MemoryHealthBoard

A, B = ModelId("a"), ModelId("b")
NOW = 100.0


@pytest.fixture(params=[MemoryHealthBoard])
def board(request):
    return request.param()


def good():
    return ModelHealth().after_probe(None, at=1.0, now=NOW)


def failed_probe():
    return ModelHealth().after_probe("refused", at=1.0, now=NOW)


def tripped():
    health = ModelHealth()
    for _ in range(MIN_CALLS):
        health = health.after_failure("500", at=1.0, now=NOW)
    return health


def test_a_model_is_unknown_until_something_was_shown(board):
    assert board.of(A) == ModelHealth()
    assert board.of(A).status is HealthStatus.UNKNOWN
    assert board.unfit(NOW) == {}


def test_tells_what_was_shown_last_of_each_model(board):
    board.show(A, failed_probe())
    board.show(A, good())
    board.show(B, tripped())
    assert board.of(A) == good()
    assert board.of(B) == tripped()


def test_a_failed_probe_takes_a_model_out_until_it_is_good_again(board):
    board.show(A, good())
    board.show(B, failed_probe())
    assert board.unfit(NOW) == {B: "its last health probe failed: refused"}
    board.show(B, good())
    assert board.unfit(NOW) == {}


def test_an_open_breaker_takes_a_model_out_until_it_has_cooled_down(board):
    board.show(A, tripped())
    assert A in board.unfit(NOW)
    assert A in board.unfit(NOW + COOL_DOWN - 0.1)
    assert board.unfit(NOW + COOL_DOWN) == {}
    board.show(A, board.of(A).after_failure("500", at=2.0, now=NOW + COOL_DOWN))
    assert A in board.unfit(NOW + COOL_DOWN)


def test_failed_calls_alone_take_no_model_out(board):
    board.show(A, ModelHealth().after_failure("timed out", at=1.0, now=NOW))
    assert board.of(A).status is HealthStatus.UNHEALTHY
    assert board.unfit(NOW) == {}


def test_what_it_told_does_not_change_afterwards(board):
    board.show(A, failed_probe())
    told = board.unfit(NOW)
    board.show(A, good())
    assert list(told) == [A]
