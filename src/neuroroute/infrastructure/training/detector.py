"""What tells prompts of a seen task from strange ones: a logistic model, of a few numbers for each prompt."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from neuroroute.infrastructure.classifiers.weights import Detector
from neuroroute.infrastructure.training.sparse import Floats, sigmoid, solved

_PENALTY: Final = 1.0
_MOST_STEPS: Final = 30
_SMALL: Final = 1e-9
_NEVER: Final = -60.0


def detector_of(
    familiar: Sequence[Sequence[float]], strange: Sequence[Sequence[float]], *, threshold: float, power: float
) -> Detector:
    """By the evidence of prompts of both kinds; without any of one, all are strange. Newton's steps."""
    if not familiar or not strange:
        return Detector(intercept=_NEVER, slopes=(), threshold=threshold, power=power)
    evidence = np.array([*familiar, *strange], dtype=np.float64)
    wanted = np.concatenate([np.ones(len(familiar)), np.zeros(len(strange))])
    middle, spread = evidence.mean(axis=0), evidence.std(axis=0) + _SMALL
    columns: Floats = np.concatenate([(evidence - middle) / spread, np.ones((len(evidence), 1))], axis=1)
    penalty = np.full(len(familiar[0]) + 1, _PENALTY)
    penalty[-1] = _SMALL
    found = np.zeros(len(penalty))
    for _ in range(_MOST_STEPS):
        likely = sigmoid(columns @ found)
        uphill: Floats = columns.T @ (likely - wanted) + penalty * found
        curvature = (columns * (likely * (1 - likely))[:, None]).T @ columns + np.diag(penalty)
        step = solved(curvature, uphill)
        found = found - step
        if np.abs(step).max() < _SMALL:
            break
    slopes: Floats = found[:-1] / spread
    return Detector(
        intercept=float(found[-1] - slopes @ middle),
        slopes=tuple(slopes.tolist()),
        threshold=threshold,
        power=power,
    )
