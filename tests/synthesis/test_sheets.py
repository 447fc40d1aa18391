import numpy as np
import pytest

from digit_model.synthesis.sheets import BACKGROUNDS, HEIGHT, WIDTH, draw_scene


@pytest.mark.parametrize("background", sorted(BACKGROUNDS))
def test_a_scene_shows_a_sheet_with_digits(background):
    scene = draw_scene(np.random.default_rng(1), background, digits=3)
    assert scene.picture.shape == (HEIGHT, WIDTH, 3)
    assert scene.picture.dtype == np.uint8
    assert len(scene.text) == 3
    assert scene.corners.shape == (4, 2)
    assert ((scene.corners > -0.2 * WIDTH) & (scene.corners < 1.2 * WIDTH)).all()


def test_the_same_seed_gives_the_same_scene():
    one, two = (draw_scene(np.random.default_rng(5)) for _ in range(2))
    assert (one.picture == two.picture).all()
    assert one.text == two.text
