"""What kind of prompt it is, before any model is chosen."""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from neuroroute.domain.quality import PromptReading


class Features(Struct, frozen=True, kw_only=True):
    """What the rules see in a prompt, each 0..1 (CONTRACT.md 5, step 2)."""

    length: float
    word_count: float
    sentence_count: float
    question_count: float
    code_presence: float
    code_snippet_count: float
    math_presence: float
    is_instruction: float
    is_analysis: float
    is_question: float
    complexity_terms: float
    avg_word_length: float
    vocabulary_diversity: float
    capability_code_generation: float
    capability_reasoning: float
    capability_summarization: float
    capability_creative_writing: float
    capability_data_analysis: float
    capability_system_design: float
    capability_long_context: float
    capability_function_calling: float
    capability_legal_analysis: float
    capability_scientific_knowledge: float


class Classification(Struct, frozen=True, kw_only=True, tag="rules"):
    """What the rules say about a prompt. They know no model cards: choosing is the policy's."""

    source: str
    """Which classifier said so: `rule_based`."""
    features: Features
    keyword_matches: Mapping[str, int]
    """How often the keywords that speak for a model occur, by model id; a model without keywords is left out."""


Reading: TypeAlias = Classification | PromptReading
"""What a classifier says about a prompt. It holds none of its words."""
