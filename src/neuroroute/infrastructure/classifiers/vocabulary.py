"""The words that the rules look for.

The earlier service's lists (CONTRACT.md 5). Keywords, analysis, complexity and code words are stated there. Of the
other lists it gives the names only: the first line of each holds the words that its recorded decisions show
(`routing_vectors.json`), the lines after "supposed" those that fit them and are usual, but that no recording shows.
Everything is a whole word in lower case; only keywords may be phrases, joined by exactly the character shown.
"""

from collections.abc import Mapping
from typing import Final

KEYWORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "local": (
        "hello", "hi", "greetings", "create file", "basic math", "simple", "quick", "calculate", "help", "math",
        "what is", "example",
    ),
    "openai": (
        "analyze", "summarize", "code", "compare", "write code", "debug", "complex", "explain", "how to", "review",
        "generate", "create function", "algorithm",
    ),
    "anthropic": (
        "long document", "legal", "detailed reasoning", "extensive", "thorough", "comprehensive", "ethical", "draft",
        "essay", "research", "in-depth",
    ),
}  # fmt: skip
"""What speaks for a model, by its id. Each occurrence counts; `write code` also counts as `code`."""

CAPABILITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "code_generation": (
        "code", "function", "class", "api",
        # supposed ("class": it or one of the words beside it in the one recording that has it)
        "method", "algorithm", "program", "script",
    ),
    "reasoning": (
        "why", "because", "therefore",
        # supposed
        "logic", "reason", "conclude", "deduce", "infer",
    ),
    "summarization": (
        "summarize", "overview",
        # supposed
        "summary", "brief", "condense", "recap", "tldr",
    ),
    "creative_writing": (
        "write", "poem", "story", "essay",
        # supposed
        "creative", "narrative", "novel", "fiction",
    ),
    "data_analysis": (
        "data", "analyze", "statistics", "trend", "chart",
        # supposed
        "graph",
    ),
    "system_design": (
        "design", "system", "architecture",
        # supposed
        "infrastructure", "component", "scalable",
    ),
    "long_context": (
        "long", "document", "detailed", "comprehensive", "thorough", "extensive",
        # supposed
        "lengthy",
    ),
    "function_calling": (
        "function", "call", "api", "execute", "action",
        # supposed
        "invoke", "tool",
    ),
    "legal_analysis": (
        "legal", "contract", "agreement", "terms", "clause", "obligations", "rights",
        # supposed
        "law", "provision", "liability", "compliance", "regulation",
    ),
    "scientific_knowledge": (
        "scientific", "research", "experiment", "hypothesis", "theory",
        # supposed
        "science", "study",
    ),
}  # fmt: skip
"""What asks for a capability, by its name. Each occurrence counts, five make it 1."""

INSTRUCTION: Final = frozenset({
    "write", "build",
    # supposed
    "create", "make", "generate", "develop", "implement",
})  # fmt: skip

QUESTION: Final = frozenset({
    "what", "how", "why",
    # supposed
    "when", "where", "who", "which",
})  # fmt: skip

ANALYSIS: Final = frozenset({"analyze", "examine", "investigate", "evaluate", "assess", "research"})

COMPLEXITY: Final = frozenset({
    "explain", "analyze", "compare", "contrast", "evaluate", "synthesize", "examine", "investigate", "discuss",
    "elaborate",
})  # fmt: skip
"""Different ones count, five make it 1."""

CODE: Final = frozenset({"function", "class", "def"})
"""Words of source code: in this case only, so that a sentence may begin with them."""

MATH: Final = "+-*/=<>"
"""Any of these characters counts as mathematics, as it did."""
