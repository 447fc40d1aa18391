"""Optimizers: how the weights follow their gradients."""

from collections.abc import Callable

import keras
from keras import ops


class ConvolutionMuon(keras.optimizers.Muon):
    """Muon for the kernels of convolutions, AdamW for everything else.

    A kernel, (rows, columns, channels in, channels out), is treated as the matrix of its filters,
    (rows * columns * channels in, channels out), as by Jordan et al. 2024
    (https://kellerjordan.github.io/posts/muon/). Keras's own Muon only takes matrices. Each step
    moves the matrix by a similar amount in all directions, so rare ones are learned early too.
    """

    def _should_use_adamw(self, variable) -> bool:
        return len(variable.shape) != 4

    def _muon_update_step(self, gradient, variable, lr, m) -> None:
        self.assign(m, self.momentum * m + gradient)
        nesterov = ops.reshape(gradient + self.momentum * m, (-1, variable.shape[-1]))
        step = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(nesterov, self.ns_steps))
        self.assign_sub(variable, ops.reshape(step, variable.shape))


def _muon(learning_rate, weight_decay: float, **options) -> keras.optimizers.Optimizer:
    return ConvolutionMuon(
        learning_rate,
        weight_decay=weight_decay,
        adam_weight_decay=weight_decay,
        # After few epochs, Keras's default momentum of 0.95 gave more errors, and its 5
        # Newton-Schulz steps no fewer (benchmarks/LOG.md).
        momentum=0.9,
        ns_steps=3,
        **options,
    )


# The optimizers that a recipe can name. Each takes the arguments of keras.optimizers.AdamW.
OPTIMIZERS: dict[str, Callable[..., keras.optimizers.Optimizer]] = {
    "adamw": keras.optimizers.AdamW,
    "muon": _muon,
}
