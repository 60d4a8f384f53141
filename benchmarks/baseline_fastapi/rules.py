"""The earlier service's way of choosing a model: words are counted, scores are added, the highest wins."""

import re

from benchmarks.baseline_fastapi.catalog import MODELS, Model, Priority

KEYWORDS = {
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
CAPABILITIES = {
    "code_generation": ("code", "function", "class", "api", "method", "algorithm", "program", "script"),
    "reasoning": ("why", "because", "therefore", "logic", "reason", "conclude", "deduce", "infer"),
    "summarization": ("summarize", "overview", "summary", "brief", "condense", "recap", "tldr"),
    "creative_writing": ("write", "poem", "story", "essay", "creative", "narrative", "novel", "fiction"),
    "data_analysis": ("data", "analyze", "statistics", "trend", "chart", "graph"),
    "system_design": ("design", "system", "architecture", "infrastructure", "component", "scalable"),
    "long_context": ("long", "document", "detailed", "comprehensive", "thorough", "extensive", "lengthy"),
    "function_calling": ("function", "call", "api", "execute", "action", "invoke", "tool"),
    "legal_analysis": (
        "legal", "contract", "agreement", "terms", "clause", "obligations", "rights", "law", "provision", "liability",
        "compliance", "regulation",
    ),
    "scientific_knowledge": ("scientific", "research", "experiment", "hypothesis", "theory", "science", "study"),
}  # fmt: skip
ANALYSIS = ("analyze", "examine", "investigate", "evaluate", "assess", "research")
INSTRUCTION = ("write", "build", "create", "make", "generate", "develop", "implement")
QUESTION = ("what", "how", "why", "when", "where", "who", "which")
COMPLEXITY = (
    "explain", "analyze", "compare", "contrast", "evaluate", "synthesize", "examine", "investigate", "discuss",
    "elaborate",
)  # fmt: skip
PRIORITY_FACTORS = {1: 3.0, 2: 1.5, 3: 0.7}


def any_word(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(re.escape(word) for word in words)})\b")


# One pattern a keyword: "write code" counts as itself and as "code".
KEYWORD_PATTERNS = {model: [any_word((word,)) for word in words] for model, words in KEYWORDS.items()}
CAPABILITY_PATTERNS = {name: any_word(words) for name, words in CAPABILITIES.items()}
ANALYSIS_PATTERN, INSTRUCTION_PATTERN = any_word(ANALYSIS), any_word(INSTRUCTION)
QUESTION_PATTERN, COMPLEXITY_PATTERN = any_word(QUESTION), any_word(COMPLEXITY)
FENCE = re.compile(r"```.*?```", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`]+`|\b(?:function|class|def)\b", re.DOTALL)
MATH = re.compile(r"[+\-*/=<>]")
WORD = re.compile(r"\w+")


def features_of(prompt: str) -> dict[str, float]:
    """Everything between 0 and 1."""
    lowered = prompt.lower()
    words = WORD.findall(lowered)
    return {
        "length": min(1.0, len(prompt) / 2000),
        "word_count": min(1.0, len(prompt.split()) / 300),
        "sentence_count": min(1.0, prompt.count(".") / 20),
        "question_count": min(1.0, prompt.count("?") / 5),
        "code_presence": float(CODE.search(prompt) is not None),
        "code_snippet_count": min(1.0, len(FENCE.findall(prompt)) / 3),
        "math_presence": float(MATH.search(prompt) is not None),
        "is_instruction": float(INSTRUCTION_PATTERN.search(lowered) is not None),
        "is_analysis": float(ANALYSIS_PATTERN.search(lowered) is not None),
        "is_question": float(QUESTION_PATTERN.search(lowered) is not None),
        "complexity_terms": min(1.0, len(set(COMPLEXITY_PATTERN.findall(lowered))) / 5),
        "avg_word_length": min(1.0, sum(map(len, words)) / max(1, len(words)) / 8),
        "vocabulary_diversity": min(1.0, len(set(words)) / max(1, len(words)) ** 0.7),
    } | {
        f"capability_{name}": min(1.0, len(pattern.findall(lowered)) / 5)
        for name, pattern in CAPABILITY_PATTERNS.items()
    }


def score(model: Model, keywords: int, features: dict[str, float]) -> float:
    wanted = sum(features.get(f"capability_{capability}", 0.0) for capability in model.capabilities)
    return max(0.1, SPECIAL[model.id](0.5 * keywords + 2.0 * wanted, features))


def special_local(points: float, features: dict[str, float]) -> float:
    length, complexity, code = features["length"], features["complexity_terms"], features["code_presence"]
    if length < 0.2 and complexity < 0.3:
        points += 2.0
    if features["math_presence"] and not code:
        points += 1.5
    if length > 0.3 or complexity > 0.4:
        points *= max(0.1, 1 - length - complexity)
    return points * 0.3 if code else points


def special_openai(points: float, features: dict[str, float]) -> float:
    points += 3 * features["code_presence"] + 2 * features["is_analysis"]
    if 0.3 < features["complexity_terms"] < 0.7:
        points += 1.5 * features["complexity_terms"]
    return points * 0.9 if features["length"] > 0.8 else points


def special_anthropic(points: float, features: dict[str, float]) -> float:
    if features["length"] > 0.5:
        points += 2 * features["length"]
    if features["complexity_terms"] > 0.6:
        points += 2.5 * features["complexity_terms"]
    if features["is_analysis"] and features["avg_word_length"] > 0.6:
        points += 2
    if features["question_count"] > 0.5:
        points += features["question_count"]
    return points * 0.9 if features["code_presence"] else points


SPECIAL = {"local": special_local, "openai": special_openai, "anthropic": special_anthropic}


def adjust(
    points: float, model: Model, priority: Priority | None, max_tokens: int | None, required: list[str]
) -> float:
    if priority:
        points *= PRIORITY_FACTORS[model.priority[priority]]
    if max_tokens and max_tokens > model.max_tokens:
        points *= 0.5
    for capability in required:
        if capability not in model.capabilities:
            points *= 0.2
    return points


def classify(
    prompt: str, available: list[str], priority: Priority | None, max_tokens: int | None, required: list[str]
) -> dict:
    """The chosen model, how sure that is, and the numbers behind it."""
    features = features_of(prompt)
    lowered = prompt.lower()
    keywords = {model: sum(len(pattern.findall(lowered)) for pattern in KEYWORD_PATTERNS[model]) for model in available}
    scores = {model: score(MODELS[model], keywords[model], features) for model in available}
    adjusted = {
        model: adjust(points, MODELS[model], priority, max_tokens, required) for model, points in scores.items()
    }
    selected = max(adjusted, key=adjusted.__getitem__)
    return {
        "selected_model": selected,
        "confidence": round(adjusted[selected] / sum(adjusted.values()), 3),
        "source": "rule_based",
        "reasoning": {
            "keyword_matches": keywords,
            "features": features,
            "model_scores": scores,
            "adjusted_scores": adjusted,
        },
    }


def with_capabilities(available: list[str], required: list[str], priority: Priority) -> str | None:
    """Of the models with all required capabilities, or else with one of them, the best for the priority."""
    able = [model for model in available if set(required) <= set(MODELS[model].capabilities)]
    able = able or [model for model in available if set(required) & set(MODELS[model].capabilities)]
    return min(able, key=lambda model: MODELS[model].priority[priority], default=None)
