"""The view of a model: its curves, and the note about them."""

import json
from dataclasses import replace

import pytest

from digit_model.training_log import LOG, write_log
from page.models import view
from page.models.history import read_history
from page.models.registry import ModelRow, ModelSummary
from tests.helpers import RECORD
from tests.page.helpers import (
    DENSE,
    TRAINING_LOG,
)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ({}, "The scale is logarithmic in the errors."),
        ({"augment": "none"}, "The scale is logarithmic in the errors."),
        ({"augment": "shift", "outliers": 0}, "images are distorted."),
        ({"augment": "all", "outliers": 100}, "and some are not digits."),
        ({"augment": True, "outliers": 100}, "and some are not digits."),
    ],
)
def test_the_note_says_why_training_accuracy_is_lower(registry, recipe, says):
    dense = registry.get(DENSE)
    found = replace(dense.checkpoint, record=dense.checkpoint.record | {"recipe": recipe})
    history = {"validation": (0.9,), "training": (0.7,)}
    assert says in view.model_view(DENSE, replace(dense, checkpoint=found), history)


def test_a_distilled_network_says_so(registry):
    dense = registry.get(DENSE)
    training = dense.checkpoint.record["training"] | {"teacher": "fedcba98"}
    found = replace(dense.checkpoint, record=dense.checkpoint.record | {"training": training})
    history = {"validation": (0.9,), "training": (0.7,)}
    looked = view.model_view(DENSE, replace(dense, checkpoint=found), history)
    assert "2 epochs, 1 minute, distilled from another network." in looked
    assert "if the teacher gives it" in looked
    alone = view.model_view(DENSE, dense, history)
    assert "distilled" not in alone
    assert "teacher" not in alone


def test_a_continued_network_says_so(registry):
    dense = registry.get(DENSE)
    record = dense.checkpoint.record
    continued = {**record, "training": {"epochs": 4, "start": "0123456789abcdef"}}
    found = replace(dense, checkpoint=replace(dense.checkpoint, record=continued))
    looked = view.model_view(DENSE, found, {})
    assert "4 epochs, continued from an earlier network." in looked
    continued["training"]["average"] = ["4567", "89ab", "cdef"]
    looked = view.model_view(DENSE, found, {"first": (0.9,), "second": (0.8,), "third": (0.9,)})
    assert "continued from an earlier network, the mean of 3 trainings." in looked
    assert "of the trainings whose weights were averaged" in looked


def test_every_member_of_an_ensemble_has_its_curve(registry, tmp_path):
    rows = [json.loads(line) for line in TRAINING_LOG.splitlines()]
    columns = {"cnn": rows, "<b>": rows[:2]}
    write_log(
        tmp_path / LOG, [{"column": name, **row} for name in columns for row in columns[name]]
    )
    history = read_history(tmp_path / LOG)
    assert history == {"cnn": (0.9, 0.99), "<b>": (0.9,)}
    dense = registry.get(DENSE)
    recipe = {"architecture": "ensemble", "members": [{}, {}]}
    found = replace(dense.checkpoint, record=dense.checkpoint.record | {"recipe": recipe})
    looked = view.model_view(DENSE, replace(dense, checkpoint=found), history)
    assert looked.count("<polyline") == 2
    assert "cnn 99.0%" in looked
    assert "&lt;b&gt; 90.0%" in looked
    assert "Validation accuracy of the members" in looked


def test_a_refitted_network_has_only_training_curves(registry, tmp_path):
    rows = [{"epoch": 1, "accuracy": 0.7}, {"epoch": 2, "accuracy": 0.8}]
    write_log(tmp_path / LOG, rows)
    alone = read_history(tmp_path / LOG)
    assert alone == {"training": (0.7, 0.8)}
    dense = registry.get(DENSE)
    training = dense.checkpoint.record["training"] | {"refit": "fedcba98"}
    record = dense.checkpoint.record | {"training": training}
    found = replace(dense.checkpoint, record=record)
    looked = view.model_view(DENSE, replace(dense, checkpoint=found), alone)
    assert "2 epochs, 1 minute, refitted on all training images." in looked
    assert looked.count("<polyline") == 1
    write_log(tmp_path / LOG, [{"column": name, **row} for name in ("a", "b") for row in rows])
    columns = read_history(tmp_path / LOG)
    assert columns == {"a": (0.7, 0.8), "b": (0.7, 0.8)}
    for outliers in (0, 20):
        recipe = {"architecture": "ensemble", "members": [{}, {"outliers": outliers}]}
        found = replace(dense.checkpoint, record=record | {"recipe": recipe})
        looked = view.model_view(DENSE, replace(dense, checkpoint=found), columns)
        assert "Training accuracy of the members" in looked
        assert ("some training images are not digits" in looked) == bool(outliers)


@pytest.mark.parametrize(
    ("source", "architecture", "shown"),
    [
        ("the bundled checkpoint", "cnn", 'cnn <span class="kind"></span>'),
        ("the bundled checkpoint dense", "dense", 'dense <span class="kind"></span>'),
        ("the bundled checkpoint dense-plain", "dense", 'plain <span class="kind">dense</span>'),
        ("me/digits at 1a2b3c4d", "cnn", 'me/digits at 1a2b3c4d <span class="kind">cnn</span>'),
    ],
)
def test_a_row_names_the_model_and_its_architecture_once(source, architecture, shown):
    row = ModelRow("key", source, ModelSummary(architecture, 100, 1000, RECORD["scores"], 1.0))
    assert shown in view.model_list([row])
