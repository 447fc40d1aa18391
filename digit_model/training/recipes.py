"""The choices for a training run, and those that suit each network."""

from dataclasses import dataclass, field, fields, replace

from ..architectures import ARCHITECTURES, IMAGENET
from ..architectures.ensemble import COLUMNS
from ..data.augment import AUGMENTATIONS
from .optimizers import OPTIMIZERS

RANDOM = "none"


def _flag(default, help_text: str, choices: tuple[str, ...] | None = None, least: int = 0):
    """A field of Recipe that train.py turns into a flag with this help text.

    Of names the flag takes one of the choices, of numbers none below the least.
    """
    metadata = {"help": help_text, "choices": choices, "least": least}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Recipe:
    """The choices for a run; with the data they decide the weights.

    columns: of a network of columns the recipe of each; of this one the architecture alone counts.
    """

    architecture: str = _flag("cnn", "which network to train", tuple(ARCHITECTURES))
    pretrained: str = _flag(
        RANDOM, "the weights that a transfer model begins with", (IMAGENET, RANDOM)
    )
    epochs: int = _flag(24, "passes over the training set", least=1)
    batch_size: int = _flag(128, "images a step", least=1)
    optimizer: str = _flag(
        "muon",
        "how weights follow their gradients; with muon networks of convolutions need fewer epochs",
        tuple(OPTIMIZERS),
    )
    learning_rate: float = _flag(1e-2, "peak learning rate, reached early and then lowered to 0")
    weight_decay: float = _flag(1e-2, "decoupled weight decay")
    label_smoothing: float = _flag(0.05, "share of each target spread over all ten digits")
    ema_share: float = _flag(0.03, "part of the run that the averaged weights look back over")
    augment: str = _flag(
        "all",
        "how every training image is distorted anew in each epoch: moved, turned, bent as hands "
        "differ, or all that happens to real pictures",
        tuple(AUGMENTATIONS),
    )
    drawn: int = _flag(24_000, "digits drawn by our own code that join the training set")
    outliers: int = _flag(26_000, "marks that are no digit, for which all ten targets are 0")
    seed: int = _flag(0, "decides the first weights, the order and every distortion")
    columns: tuple["Recipe", ...] = ()

    @property
    def total_epochs(self) -> int:
        """Those of all columns, where there are any."""
        return sum(column.epochs for column in self.columns) or self.epochs

    def changed(self, choices: dict) -> "Recipe":
        """With other choices, by name, which its columns take over; another network has none.

        Columns that are alike get seeds of their own: two have 2 * seed and 2 * seed + 1.
        """
        whole = replace(self, **choices)
        if whole.architecture != self.architecture:
            return replace(whole, columns=())
        own = {name: choice for name, choice in choices.items() if name != "architecture"}
        columns = (replace(column, **own) for column in self.columns)
        return replace(whole, columns=_apart(tuple(columns), whole.seed))

    def as_json(self) -> dict:
        """As JSON types."""
        if self.columns:
            columns = [column.as_json() for column in self.columns]
            return {"architecture": self.architecture, "columns": columns}
        return {choice.name: getattr(self, choice.name) for choice in CHOICES}

    @classmethod
    def from_json(cls, said: dict) -> "Recipe":
        """From what ``as_json`` makes. Raises TypeError where that did not make it."""
        columns = tuple(cls.from_json(column) for column in said.get("columns", ()))
        return cls(**said | {"columns": columns})


def _apart(columns: tuple[Recipe, ...], seed: int) -> tuple[Recipe, ...]:
    """The columns with their seeds, which differ between those of the same architecture."""
    names = [column.architecture for column in columns]
    return tuple(
        replace(column, seed=seed * names.count(name) + names[:place].count(name))
        for place, (name, column) in enumerate(zip(names, columns, strict=True))
    )


# What a flag of train.py can change.
CHOICES = tuple(choice for choice in fields(Recipe) if choice.metadata)


# MNIST's own images and nothing else.
_MNIST = Recipe(drawn=0, outliers=0, augment="shift")
# Too small to learn by heart: all that would hold them back is taken away.
_SMALLEST = replace(_MNIST, weight_decay=1e-3, label_smoothing=0.0)
# Without convolutions, which Muon is for.
_DENSE = Recipe(architecture="dense", epochs=22, optimizer="adamw", learning_rate=3e-3)
_DEEP = replace(_MNIST, architecture="cnn_large", epochs=12, augment="turn")
_TRANSFER = replace(_MNIST, pretrained=IMAGENET, epochs=1, optimizer="adamw")
# A name is that of the network, or says what differs from its usual recipe.
RECIPES: dict[str, Recipe] = {
    "cnn": Recipe(),
    "cnn-mnist": replace(_DEEP, architecture="cnn"),
    "dense": _DENSE,
    "dense-plain": replace(_DENSE, drawn=0, outliers=0, augment="none", learning_rate=1e-3),
    "cnn_large": _DEEP,
    # What teaches ``cnn``: a larger network, from the same images.
    "cnn_large-all": Recipe(architecture="cnn_large", epochs=12),
    "small": replace(_SMALLEST, architecture="small", epochs=30),
    "tiny": replace(_SMALLEST, architecture="tiny", epochs=60, optimizer="adamw"),
    "quick": replace(_MNIST, architecture="quick", epochs=4, ema_share=0.06),
    "mobilenetv2": replace(_TRANSFER, architecture="mobilenetv2", learning_rate=1e-3),
    "resnet50": replace(_TRANSFER, architecture="resnet50", learning_rate=3e-4),
}
RECIPES["ensemble"] = Recipe(
    architecture="ensemble",
    columns=_apart(tuple(RECIPES[column.__name__] for column in COLUMNS.values()), seed=0),
)
