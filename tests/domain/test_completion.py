"""An answer's events and the whole they add up to say the same."""

from factories import CompletionFactory, FinishedFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.completion import Completion, Finished, FinishReason, TextDelta, Usage

COUNTS = st.integers(0, 10**9)
USAGES = st.builds(Usage, prompt_tokens=COUNTS, completion_tokens=COUNTS, estimated=st.booleans())
FINISHES = st.builds(
    Finished,
    reason=st.sampled_from(FinishReason),
    native_reason=st.text(),
    usage=st.none() | USAGES,
    model=st.none() | st.text(),
)
PIECES = st.lists(st.text())


@given(st.text(), FINISHES)
def test_folding_what_replay_yields_gives_the_same(text, finished):
    completion = Completion(text, finished)
    assert Completion.fold(completion.replay()) == completion


@given(PIECES, FINISHES)
def test_the_pieces_add_up_however_the_text_was_cut(pieces, finished):
    completion = Completion.fold([*map(TextDelta, pieces), finished])
    assert completion == Completion("".join(pieces), finished)


@given(PIECES)
def test_events_without_an_end_are_no_completion(pieces):
    assert Completion.fold(map(TextDelta, pieces)) is None


@given(st.text(), FINISHES)
def test_replay_ends_with_the_end_and_yields_no_empty_text(text, finished):
    *pieces, last = Completion(text, finished).replay()
    assert last == finished
    assert all(isinstance(piece, TextDelta) and piece.text for piece in pieces)


@given(st.text(), FINISHES)
def test_only_a_whole_answer_with_text_is_clean(text, finished):
    assert Completion(text, finished).is_clean == (finished.reason is FinishReason.STOP and text != "")


def test_an_example_is_clean():
    assert CompletionFactory.build().is_clean
    assert not CompletionFactory.build(finished=FinishedFactory.build(reason=FinishReason.LENGTH)).is_clean


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_an_estimate_counts_four_characters_a_token_and_says_so(asked, answered):
    usage = Usage.estimate(prompt_characters=asked, completion_characters=answered)
    assert usage.estimated
    assert 4 * usage.prompt_tokens <= asked < 4 * usage.prompt_tokens + 4
    assert 4 * usage.completion_tokens <= answered < 4 * usage.completion_tokens + 4
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
