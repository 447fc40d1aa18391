"""Muon moves the kernels of convolutions, AdamW everything else."""

import keras
import numpy as np
import pytest

from digit_model.training.optimizers import OPTIMIZERS

SHAPE = (3, 3, 8, 24)


def steps(optimizer, shape, gradients):
    """Return a variable of zeros after one step for each gradient."""
    variable = keras.Variable(np.zeros(shape, np.float32))
    for gradient in gradients:
        optimizer.apply([keras.ops.reshape(gradient, shape)], [variable])
    return keras.ops.convert_to_numpy(variable)


@pytest.fixture
def gradients():
    """Three gradients whose directions differ in strength by a factor of a hundred."""
    strengths = np.geomspace(1, 100, SHAPE[-1])
    return np.random.default_rng(0).normal(size=(3, *SHAPE)).astype(np.float32) * strengths


def test_muon_moves_a_kernel_as_keras_moves_the_matrix_of_its_filters(gradients):
    options = {"learning_rate": 0.1, "weight_decay": 0.01}
    ours = steps(OPTIMIZERS["muon"](**options), SHAPE, gradients)
    theirs = steps(
        keras.optimizers.Muon(momentum=0.9, ns_steps=3, **options), (72, SHAPE[-1]), gradients
    )
    np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, atol=1e-6)


def test_muon_moves_the_directions_of_a_kernel_more_evenly_than_the_gradient(gradients):
    def spread(kernel):
        strengths = np.linalg.svd(kernel.reshape(72, SHAPE[-1]), compute_uv=False)
        return strengths.max() / strengths.min()

    moved = steps(OPTIMIZERS["muon"](0.1, weight_decay=0.0), SHAPE, gradients[:1])
    assert spread(moved) < spread(gradients[0]) / 10


@pytest.mark.parametrize("shape", [(3, 3, 192), (72, 24), (1728,)])
def test_muon_moves_everything_but_kernels_of_convolutions_as_adamw_does(gradients, shape):
    moved = [
        steps(OPTIMIZERS[name](0.1, weight_decay=0.01), shape, gradients) for name in OPTIMIZERS
    ]
    np.testing.assert_allclose(*moved, rtol=1e-5)
