"""Recipes name their architecture, and survive the way through JSON."""

import pytest

from digit_model.architectures import ARCHITECTURES
from digit_model.training.recipes import RECIPES, Recipe


def test_every_architecture_has_a_recipe_of_its_name():
    for name in ARCHITECTURES:
        assert RECIPES[name].architecture == name


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_comes_back_from_json(name):
    assert Recipe.from_json(RECIPES[name].as_json()) == RECIPES[name].changed({})


def test_a_recipe_with_unknown_settings_is_refused():
    with pytest.raises(TypeError):
        Recipe.from_json({"learning_speed": 1})
