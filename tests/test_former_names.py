"""Old names in checkpoints and commands are still understood."""

import json
import shutil

import pytest

from digit_model import checkpoint
from digit_model.checkpoint import CONFIG
from digit_model.former_names import current_architecture, with_current_names
from digit_model.training.recipes import RECIPES, Recipe


@pytest.mark.parametrize(
    ("former", "current"), [("deep", "cnn_large"), ("deep_cnn", "ensemble"), ("cnn", "cnn")]
)
def test_architectures_have_current_names(former, current):
    assert current_architecture(former) == current


def test_a_recipe_with_former_names_is_rebuilt():
    recipe = RECIPES["ensemble"]
    former = json.dumps({"architecture": "ensemble", "recipe": recipe.as_json()})
    for old, new in (
        ("deep_cnn", "ensemble"),
        ("deep", "cnn_large"),
        ("columns", "members"),
        ("drawn", "synthetic"),
    ):
        former = former.replace(f'"{new}"', f'"{old}"')
    assert "members" not in former
    upgraded = with_current_names(json.loads(former))
    assert upgraded["architecture"] == "ensemble"
    assert Recipe.from_json(upgraded["recipe"]) == recipe


def test_a_checkpoint_with_former_names_loads(folder, tmp_path):
    old = shutil.copytree(folder, tmp_path / "old")
    config = json.loads((old / CONFIG).read_text())
    config["recipe"] = {"architecture": "deep_cnn", "columns": [{"drawn": 3}, {"drawn": 4}]}
    config["training"]["columns"] = [config["calibration"]]
    (old / CONFIG).write_text(json.dumps(config))
    record = checkpoint.load(old).record
    members = [{"synthetic": 3}, {"synthetic": 4}]
    assert record["recipe"] == {"architecture": "ensemble", "members": members}
    assert record["training"]["members"] == [config["calibration"]]


@pytest.mark.parametrize(
    "config",
    [{"recipe": 3}, {"recipe": {"columns": 3}}, {"recipe": {"columns": [3]}}, {"architecture": []}],
)
def test_values_of_other_types_are_left_to_the_verification(config):
    assert json.dumps(with_current_names(config)).count("3") == json.dumps(config).count("3")
