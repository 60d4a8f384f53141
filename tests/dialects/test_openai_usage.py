"""What OpenAI's counts are made of."""

import msgspec
import pytest
from factories import ModelCardFactory

from neuroroute.dialects.openai.provider import OpenAIDialect
from neuroroute.domain.completion import Completion, Usage
from neuroroute.domain.prompt import Message, Prompt, Role

DIALECT = OpenAIDialect()
READING = DIALECT.call(Prompt((Message(Role.USER, "Capital?"),)), ModelCardFactory.build()).reading


def whole_of(body):
    return Completion.fold(READING.whole(body))


USAGE = {"prompt_tokens": 14, "completion_tokens": 9, "total_tokens": 23}


def counted(**details):
    """What is read of a usage with these details."""
    body = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}], "usage": USAGE | details}
    return whole_of(msgspec.json.encode(body)).finished.usage


def test_knows_the_tokens_that_a_cache_spared_or_kept_and_those_of_reasoning():
    read = {"cached_tokens": 6, "cache_write_tokens": 5}
    usage = counted(prompt_tokens_details=read, completion_tokens_details={"reasoning_tokens": 4})
    parts = {"cached_tokens": 6, "cache_write_tokens": 5, "reasoning_tokens": 4}
    assert usage == Usage(prompt_tokens=14, completion_tokens=9, **parts)


def test_a_count_may_be_written_as_any_whole_number():
    usage = counted(prompt_tokens=14.0, completion_tokens=9.0, prompt_tokens_details={"cached_tokens": 6.0})
    assert usage == Usage(prompt_tokens=14, completion_tokens=9, cached_tokens=6)
    assert counted(completion_tokens=9.5) is None


@pytest.mark.parametrize("told", [None, "x", [], {}, {"cached_tokens": None, "reasoning_tokens": -1}, {"x": 1}])
def test_impossible_details_leave_the_counts_standing(told):
    usage = counted(prompt_tokens_details=told, completion_tokens_details=told)
    assert usage == Usage(prompt_tokens=14, completion_tokens=9)


def test_no_part_of_a_count_is_more_than_the_whole():
    usage = counted(prompt_tokens_details={"cached_tokens": 99}, completion_tokens_details={"reasoning_tokens": 99})
    assert (usage.cached_tokens, usage.reasoning_tokens) == (14, 9)
    assert counted(prompt_tokens_details={"cached_tokens": 9, "cache_write_tokens": 9}).cache_write_tokens == 5


def test_a_completion_that_is_not_counted_is_what_the_total_leaves_for_it():
    assert counted(completion_tokens=None) == Usage(prompt_tokens=14, completion_tokens=9)
    assert counted(completion_tokens=None, total_tokens=14) == Usage(prompt_tokens=14, completion_tokens=0)
    assert counted(completion_tokens=None, total_tokens=None) is None
