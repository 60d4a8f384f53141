"""Outcomes as arrays: a row for each prompt, a column for each model."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from neuroroute.infrastructure.evaluation.frontier import Numbers
from neuroroute.infrastructure.evaluation.outcomes import Example

Places: TypeAlias = NDArray[np.intp]


class OutcomeTable(Struct, frozen=True):
    """What each model's answer to each prompt was worth and cost."""

    models: Sequence[str]
    tasks: Sequence[str]
    """Of each prompt."""
    characters: Numbers
    """Likewise."""
    quality: Numbers
    cost: Numbers
    """Dollars."""

    def rows(self, places: Places) -> "OutcomeTable":
        return OutcomeTable(
            self.models,
            [self.tasks[int(place)] for place in places],
            self.characters[places],
            self.quality[places],
            self.cost[places],
        )

    def means(self) -> tuple[Numbers, Numbers]:
        """Cost and quality of each model."""
        return self.cost.mean(axis=0), self.quality.mean(axis=0)


def outcome_table(examples: Sequence[Example]) -> OutcomeTable:
    """Of at least one example."""
    models = list(examples[0].outcomes)
    answers = np.array(
        [[(one.outcomes[model].quality, one.outcomes[model].cost_usd) for model in models] for one in examples]
    )
    return OutcomeTable(
        models,
        [one.dataset for one in examples],
        np.array([float(len(one.prompt)) for one in examples]),
        answers[:, :, 0],
        answers[:, :, 1],
    )
