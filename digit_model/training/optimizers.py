"""How weights follow their gradients."""

from collections.abc import Callable

import keras
from keras import ops


class ConvolutionMuon(keras.optimizers.Muon):
    """Muon for the kernels of convolutions, AdamW for all else.

    Each kernel, (rows, columns, channels in, channels out), is taken as the matrix of its filters,
    (rows * columns * channels in, channels out), as Jordan et al. 2024 do
    (https://kellerjordan.github.io/posts/muon/); Keras's own takes matrices alone. Each step moves
    the directions of that matrix by nearly as much, so that rare ones are learned early too.
    """

    def _should_use_adamw(self, variable) -> bool:
        return len(variable.shape) != 4

    def _muon_update_step(self, gradient, variable, lr, m) -> None:
        self.assign(m, self.momentum * m + gradient)
        ahead = ops.reshape(gradient + self.momentum * m, (-1, variable.shape[-1]))
        step = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(ahead, self.ns_steps))
        self.assign_sub(variable, ops.reshape(step, variable.shape))


def _muon(learning_rate, weight_decay: float, **options) -> keras.optimizers.Optimizer:
    return ConvolutionMuon(
        learning_rate,
        weight_decay=weight_decay,
        adam_weight_decay=weight_decay,
        # Keras's own momentum, 0.95, misread more after few epochs, and its 5 steps of Newton and
        # Schulz no less (benchmarks/LOG.md).
        momentum=0.9,
        ns_steps=3,
        **options,
    )


# What a recipe can ask for. Each takes the arguments of keras.optimizers.AdamW.
OPTIMIZERS: dict[str, Callable[..., keras.optimizers.Optimizer]] = {
    "adamw": keras.optimizers.AdamW,
    "muon": _muon,
}
