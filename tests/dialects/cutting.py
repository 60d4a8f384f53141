"""A stream of bytes, cut in whichever way."""

from itertools import pairwise

from hypothesis import strategies as st


@st.composite
def cut(draw, whole):
    """`whole` (bytes, or a strategy for them) in pieces, none of them empty."""
    text = draw(whole) if isinstance(whole, st.SearchStrategy) else whole
    places = draw(st.lists(st.integers(0, len(text)), max_size=12))
    edges = sorted({0, *places, len(text)})
    return [text[a:b] for a, b in pairwise(edges)]


def one_by_one(text):
    return [text[at : at + 1] for at in range(len(text))]


def heard(reader, pieces, **ending):
    """What comes of feeding `pieces`, and then the end."""
    events = [event for piece in pieces for event in reader.feed(piece)]
    return [*events, *reader.end(**ending)]
