"""A report as data, in words and in pictures."""

import json
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace
from outcomes import MODELS, examples

from neuroroute.infrastructure.evaluation.contenders import Contender, longest
from neuroroute.infrastructure.evaluation.outcome_table import outcome_table
from neuroroute.infrastructure.evaluation.outcomes import Outcome
from neuroroute.infrastructure.evaluation.pictures import pictures_of
from neuroroute.infrastructure.evaluation.priced_models import priced_by_data
from neuroroute.infrastructure.evaluation.report import as_json, reported
from neuroroute.infrastructure.evaluation.report_text import words_of

SVG = "{http://www.w3.org/2000/svg}"


def a_report(models=MODELS, **fields):
    found = examples(models=models)
    table = outcome_table(found)
    oracle = Contender(
        "oracle",
        table.quality.argmax(axis=1)[None].repeat(11, axis=0),
        ranking=table.quality[:, 1] - table.quality[:, 0],
        predicted=0.1 + 0.8 * table.quality,
    )
    said = {"data": "made up", "split": "dev", "predictor": None} | fields
    return reported(table, [oracle, longest(table)], priced_by_data(found), **said)


@pytest.fixture(scope="module")
def report():
    return a_report()


def test_figures_stand_beside_the_zero_router_and_each_other(report):
    assert [one.policy for one in report.policies] == ["oracle", "longest", "zero"]
    oracle, _, never = report.policies
    assert oracle.over_zero["aiq"].value == pytest.approx(oracle.figures["aiq"].value - never.figures["aiq"].value)
    assert oracle.over_zero["aiq"].value > 0
    assert [(one.policy, one.rival) for one in report.comparisons] == [("oracle", "longest")]
    assert oracle.figures["saving"].value > 0.5
    assert never.figures["saving"].value == 0


def test_the_zero_router_is_not_better_than_itself(report):
    assert report.policies[-1].over_zero["aiq"].low == report.policies[-1].over_zero["aiq"].high == 0


def test_figures_of_two_models_are_told_of_two_only(report):
    assert report.policies[0].figures["apgr"].value is None
    two = a_report(("small", "large"))
    assert two.policies[0].figures["apgr"].value > 1
    assert two.policies[-1].figures["apgr"].value == pytest.approx(0.5)


def test_tasks_have_a_blind_rival_and_a_hindsight_one(report):
    assert {one.task for one in report.tasks} == {"sums", "poems"}
    assert report.means.tasks + len(report.means.without_aiq) == 2
    for one in report.tasks:
        assert one.aiq["zero"].value >= one.aiq["blind zero"].value - 1e-9
        assert one.gain["oracle"].value > 0


def test_a_task_on_which_two_models_are_alike_has_no_apgr():
    alike = {name: Outcome(1.0, cost) for name, cost in (("a", 1.0), ("b", 2.0))}
    differ = {"a": Outcome(0.0, 1.0), "b": Outcome(1.0, 2.0)}
    found = [replace(one, outcomes=differ if one.dataset == "sums" else alike) for one in examples()]
    table = outcome_table(found)
    read = reported(table, [longest(table)], priced_by_data(found), data="x", split="dev", predictor=None)
    values = {one.task: one.apgr["longest"].value for one in read.tasks}
    assert values["poems"] is None
    assert read.means.apgr["longest"].value == values["sums"] == pytest.approx(0.5)


def test_data_of_one_task_have_no_blind_rival():
    found = [one for one in examples() if one.dataset == "sums"]
    table = outcome_table(found)
    read = reported(table, [longest(table)], priced_by_data(found), data="x", split="dev", predictor=None)
    assert (list(read.tasks), read.means) == ([], None)
    assert "Tasks" not in words_of(read)


def test_one_model_alone_can_be_reported():
    found = examples(models=("only",))
    table = outcome_table(found)
    read = reported(table, [longest(table)], priced_by_data(found), data="x", split="dev", predictor=None)
    assert read.policies[0].figures["aiq"].value is None
    assert "only" in words_of(read)
    assert "only" in pictures_of(read)["cost-quality.svg"]


def test_tasks_without_aiq_are_named():
    found = [replace(one, outcomes={"a": one.outcomes["large"], "b": one.outcomes["small"]}) for one in examples()]
    worse = outcome_table(found)
    table = replace(worse, cost=worse.cost[:, ::-1])
    read = reported(table, [longest(table)], priced_by_data(found), data="x", split="dev", predictor=None)
    assert set(read.means.without_aiq) == {"sums", "poems"}
    assert "Without AIQ, for the cheapest model is the best there: sums, poems." in words_of(read)


def test_json_has_every_figure_and_no_endless_number(report):
    told = json.loads(as_json(report), parse_constant=pytest.fail)
    assert told["policies"][0]["figures"]["aiq"]["value"] == pytest.approx(report.policies[0].figures["aiq"].value)
    assert told["calibration"][0]["model"] is None
    assert sum(one["answers"] for one in told["calibration"][0]["curve"]) == 60 * 3
    assert as_json(a_report()) == as_json(report)


def test_words_tell_policies_tasks_and_calibration(report):
    told = words_of(report)
    for heading in ("## Policies", "## Tasks (AIQ)", "## Calibration", "## Single models"):
        assert heading in told
    assert "oracle - longest" in told
    assert "nan" not in told
    assert "-0.0000" not in told


def test_no_prompt_is_in_a_report(report):
    assert "word1" not in as_json(report) + words_of(report) + "".join(pictures_of(report).values())


def test_pictures_say_what_they_show_to_who_cannot_see_them(report):
    for picture in pictures_of(report).values():
        root = ET.fromstring(picture)
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-labelledby"] == "title desc"
        assert {root.find(f"{SVG}title").attrib["id"], root.find(f"{SVG}desc").attrib["id"]} == {"title", "desc"}
        assert "prefers-color-scheme: dark" in picture


def test_names_cannot_leave_their_place_in_a_picture():
    picture = pictures_of(a_report(("<script>", "&amp;", 'x"y'), data="<b>"))["cost-quality.svg"]
    texts = [one.text for one in ET.fromstring(picture).iter(f"{SVG}text")]
    assert {"<script>", "&amp;", 'x"y'} <= set(texts)
