from digit_model.architectures import ARCHITECTURES
from digit_model.training.recipes import RECIPES


def test_every_architecture_has_its_recipe():
    for name in ARCHITECTURES:
        assert RECIPES[name].architecture == name
