"""The reports that are kept speak of the weights that are shipped."""

import json
from pathlib import Path

import pytest

from neuroroute.infrastructure.classifiers.weights import SHIPPED, read_weights

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("data", ["nine_models", "two_models"])
def test_a_report_is_of_the_shipped_weights(data):
    kept = json.loads((ROOT / "benchmarks" / "results" / "routing" / data / "report.json").read_text())
    assert kept["predictor"] == read_weights(SHIPPED).version, "print it again (benchmarks/results/routing/README.md)"
