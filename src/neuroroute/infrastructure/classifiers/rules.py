"""What the earlier service's rules see in a prompt (CONTRACT.md 5, steps 1 and 2)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, final

from msgspec import Struct

from neuroroute.application.ports import Classifier
from neuroroute.domain.classification import Classification, Features
from neuroroute.domain.prompt import Prompt
from neuroroute.infrastructure.classifiers import vocabulary
from neuroroute.infrastructure.classifiers.words import words

SAMPLE: Final = 50_000
"""Characters read from either end of a text that is longer than both together."""


@final
class RulesClassifier(Classifier):
    """Counts words and characters. Its time is linear in the text's length, whatever stands in it.

    The whole text is read up to 100,000 characters; of a longer one the first and the last 50,000.
    """

    def classify(self, prompt: Prompt) -> Classification:
        text = prompt.text
        if len(text) > 2 * SAMPLE:
            text = f"{text[:SAMPLE]}\n{text[-SAMPLE:]}"
        lowered = text.lower()
        tokens = words(lowered)
        different = set(tokens)
        tallies = _count(lowered, tokens, different)
        return Classification(
            source="rule_based",
            features=_features(text, lowered, tokens, different, tallies),
            keyword_matches=dict(zip(vocabulary.KEYWORDS, tallies, strict=False)),
        )


class _Phrase(Struct, frozen=True):
    """Two words that count together, and where they count."""

    first: str
    second: str
    pattern: re.Pattern[str]
    tally: int


_LISTS: Final = (*vocabulary.KEYWORDS.values(), *vocabulary.CAPABILITIES.values())
"""One tally each, in this order."""


def _phrases() -> Iterator[_Phrase]:
    for tally, entries in enumerate(_LISTS):
        for entry in entries:
            if len(parts := words(entry)) == 2:
                literal = re.escape(entry)
                # A pattern that begins with its letters is searched for ten times as fast as one that begins with \b.
                yield _Phrase(parts[0], parts[1], re.compile(rf"{literal}(?<!\w{literal})\b"), tally)


def _tallies_by_word() -> dict[str, tuple[int, ...]]:
    tallies: defaultdict[str, tuple[int, ...]] = defaultdict(tuple)
    for tally, entries in enumerate(_LISTS):
        for entry in entries:
            if len(words(entry)) == 1:
                tallies[entry] += (tally,)
    return dict(tallies)


_PHRASES: Final = tuple(_phrases())
_TALLIES: Final = _tallies_by_word()
_COUNTED: Final = frozenset(_TALLIES)
_WORDS: Final = 300
_FEW: Final = 8
"""Up to so many different words, counting the occurrences of each is quicker than counting all words."""


def _count(lowered: str, tokens: list[str], different: set[str]) -> list[int]:
    """How often the entries of each list occur."""
    tallies = [0] * len(_LISTS)
    found = _COUNTED & different
    occurrences = tokens.count if len(found) <= _FEW else Counter(tokens).__getitem__
    for word in found:
        times = occurrences(word)
        for tally in _TALLIES[word]:
            tallies[tally] += times
    for phrase in _PHRASES:
        if phrase.first in different and phrase.second in different:
            tallies[phrase.tally] += len(phrase.pattern.findall(lowered))
    return tallies


def _features(text: str, lowered: str, tokens: list[str], different: set[str], tallies: Sequence[int]) -> Features:
    fences = text.count("```") // 2
    (
        code_generation,
        reasoning,
        summarization,
        creative_writing,
        data_analysis,
        system_design,
        long_context,
        function_calling,
        legal_analysis,
        scientific_knowledge,
    ) = tallies[len(vocabulary.KEYWORDS) :]
    return Features(
        length=_share(len(text), 2000),
        word_count=_share(len(text.split(None, _WORDS)), _WORDS),
        sentence_count=_share(text.count("."), 20),
        question_count=_share(text.count("?"), 5),
        code_presence=float(fences > 0 or _has_inline_code(text) or _has_code_word(text, lowered, different)),
        code_snippet_count=_share(fences, 3),
        math_presence=float(any(sign in text for sign in vocabulary.MATH)),
        is_instruction=float(not vocabulary.INSTRUCTION.isdisjoint(different)),
        is_analysis=float(not vocabulary.ANALYSIS.isdisjoint(different)),
        is_question=float(not vocabulary.QUESTION.isdisjoint(different)),
        complexity_terms=_share(len(vocabulary.COMPLEXITY & different), 5),
        avg_word_length=_share(len("".join(tokens)) / len(tokens), 8) if tokens else 0.0,
        # Longer texts repeat themselves: the exponent is the one that the recorded decisions show.
        vocabulary_diversity=_share(len(different), len(tokens) ** 0.7) if tokens else 0.0,
        capability_code_generation=_share(code_generation, 5),
        capability_reasoning=_share(reasoning, 5),
        capability_summarization=_share(summarization, 5),
        capability_creative_writing=_share(creative_writing, 5),
        capability_data_analysis=_share(data_analysis, 5),
        capability_system_design=_share(system_design, 5),
        capability_long_context=_share(long_context, 5),
        capability_function_calling=_share(function_calling, 5),
        capability_legal_analysis=_share(legal_analysis, 5),
        capability_scientific_knowledge=_share(scientific_knowledge, 5),
    )


def _share(amount: float, full: float) -> float:
    return amount / full if amount < full else 1.0


def _has_inline_code(text: str) -> bool:
    """Whether anything but backticks stands between two backticks."""
    return bool(text[text.find("`") : text.rfind("`")].strip("`"))


def _has_code_word(text: str, lowered: str, different: set[str]) -> bool:
    if vocabulary.CODE.isdisjoint(different):
        return False
    return lowered == text or not vocabulary.CODE.isdisjoint(words(text))
