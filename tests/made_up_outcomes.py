"""Made-up outcomes with something in them that can be learned."""

import json
import random

WORDS = {
    "sums": ["plus", "minus", "times", "divided", "sum", "product", "fraction", "remainder"],
    "verse": ["moon", "river", "sorrow", "rhyme", "autumn", "silence", "petals", "longing"],
    "ships": ["anchor", "hull", "rigging", "harbour", "tide", "captain", "ballast", "cargo"],
    "bread": ["flour", "yeast", "oven", "crust", "dough", "kneading", "salt", "rising"],
}
GOOD_AT = {"sums": "abacus", "verse": "poet", "ships": "sailor", "bread": "abacus"}
COSTS = {"abacus": 1e-5, "poet": 3e-5, "sailor": 2e-5}


def skilled_rows(*, tasks=tuple(WORDS), each=40, seed=1, dev=0.25):
    """Three models, and each task has one that is good at it."""
    draw = random.Random(seed)
    for task in tasks:
        for number in range(each):
            words = draw.choices(WORDS[task], k=6) + draw.choices(
                ["what", "is", "the", "of", "in", "a", "for", "to"], k=4
            )
            draw.shuffle(words)
            prompt = " ".join(words)
            yield {
                "id": f"{task}-{number}",
                "stem": f"{task}-{number}",
                "dataset": task,
                "split": "dev" if number < dev * each else "train",
                "prompt": prompt,
                "outcomes": {
                    model: {
                        "quality": float(draw.random() < (0.9 if model == GOOD_AT[task] else 0.2)),
                        "cost_usd": cost * len(prompt),
                    }
                    for model, cost in COSTS.items()
                },
            }


def paired_rows(*, count=160, seed=2):
    """Two models: the large one is always good, the small one only at short questions without a hard word."""
    draw = random.Random(seed)
    for number in range(count):
        hard = draw.random() < 0.5
        words = draw.choices(["one", "small", "thing", "about", "every", "day"], k=draw.randint(5, 9))
        words += draw.choices(["entropy", "manifold", "tensor"], k=3) if hard else ["weather"]
        prompt = " ".join(words) + "?"
        yield {
            "id": f"pair-{number}",
            "stem": f"pair-{number}",
            "dataset": "questions",
            "split": "dev" if number % 4 == 0 else "train",
            "prompt": prompt,
            "outcomes": {
                "large": {"quality": float(draw.random() < 0.9), "cost_usd": 1e-4 * len(prompt)},
                "small": {"quality": float(draw.random() < (0.2 if hard else 0.9)), "cost_usd": 1e-6 * len(prompt)},
            },
        }


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
