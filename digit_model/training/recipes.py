"""The settings of a training run, and the ones that suit each network."""

from dataclasses import dataclass, field, fields, replace

from ..architectures import ARCHITECTURES, IMAGENET
from ..architectures.ensemble import MEMBERS
from ..data.augment import AUGMENTATIONS
from .optimizers import OPTIMIZERS

RANDOM = "none"


def _setting(default, help_text: str, choices: tuple[str, ...] | None = None, minimum: int = 0):
    """Return a field of Recipe that train.py turns into a flag with this help text.

    choices: the valid names, for a field of type str. minimum: the lowest valid number, for others.
    """
    metadata = {"help": help_text, "choices": choices, "minimum": minimum}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Recipe:
    """The settings of a training run. Together with the data they determine the weights.

    members: the recipe of each member of an ensemble. An ensemble's own settings are ignored,
    except for its architecture.
    """

    architecture: str = _setting("cnn", "the network to train", tuple(ARCHITECTURES))
    pretrained: str = _setting(
        RANDOM, "the initial weights of a transfer model", (IMAGENET, RANDOM)
    )
    epochs: int = _setting(24, "passes over the training set", minimum=1)
    batch_size: int = _setting(128, "images per step", minimum=1)
    optimizer: str = _setting(
        "muon",
        "how weights follow their gradients; convolutional networks need fewer epochs with muon",
        tuple(OPTIMIZERS),
    )
    learning_rate: float = _setting(1e-2, "peak learning rate; it warms up, then decays to 0")
    weight_decay: float = _setting(1e-2, "decoupled weight decay")
    label_smoothing: float = _setting(0.05, "share of each target spread over all ten digits")
    ema_share: float = _setting(0.03, "share of the run that the averaged weights look back over")
    augment: str = _setting(
        "all",
        "how to distort every training image in each epoch: shift it, rotate it (turn), bend "
        "it as hands differ (warp), or everything that happens to real pictures",
        tuple(AUGMENTATIONS),
    )
    synthetic: int = _setting(24_000, "synthetic digits to add to the training set")
    outliers: int = _setting(26_000, "images without a digit, for which all ten targets are 0")
    seed: int = _setting(0, "determines the initial weights, the order and every distortion")
    members: tuple["Recipe", ...] = ()

    @property
    def total_epochs(self) -> int:
        """The epochs of the network, or the sum over an ensemble's members."""
        return sum(member.epochs for member in self.members) or self.epochs

    def changed(self, settings: dict) -> "Recipe":
        """Return a copy with other settings, by name, which an ensemble's members adopt too.

        Members of the same architecture get different seeds: two of them get 2 * seed and
        2 * seed + 1. A recipe changed to another architecture has no members.
        """
        recipe = replace(self, **settings)
        if recipe.architecture != self.architecture:
            return replace(recipe, members=())
        shared = {name: value for name, value in settings.items() if name != "architecture"}
        members = tuple(replace(member, **shared) for member in self.members)
        return replace(recipe, members=_with_distinct_seeds(members, recipe.seed))

    def as_json(self) -> dict:
        """Return the recipe as JSON types."""
        if self.members:
            members = [member.as_json() for member in self.members]
            return {"architecture": self.architecture, "members": members}
        return {setting.name: getattr(self, setting.name) for setting in SETTINGS}

    @classmethod
    def from_json(cls, recipe: dict) -> "Recipe":
        """Rebuild a recipe from what ``as_json`` returned. Raises TypeError for anything else."""
        members = tuple(cls.from_json(member) for member in recipe.get("members", ()))
        return cls(**recipe | {"members": members})


def _with_distinct_seeds(members: tuple[Recipe, ...], seed: int) -> tuple[Recipe, ...]:
    """Give members of the same architecture different seeds, derived from ``seed``."""
    names = [member.architecture for member in members]
    return tuple(
        replace(member, seed=seed * names.count(name) + names[:index].count(name))
        for index, (name, member) in enumerate(zip(names, members, strict=True))
    )


# The fields that train.py offers as flags.
SETTINGS = tuple(setting for setting in fields(Recipe) if setting.metadata)


_MNIST_ONLY = Recipe(synthetic=0, outliers=0, augment="shift")
# Too small to overfit, so without the usual regularisation.
_SMALLEST = replace(_MNIST_ONLY, weight_decay=1e-3, label_smoothing=0.0)
# Has no convolutions, which Muon is for.
_DENSE = Recipe(architecture="dense", epochs=22, optimizer="adamw", learning_rate=3e-3)
_CNN_LARGE = replace(_MNIST_ONLY, architecture="cnn_large", epochs=12, augment="turn")
_TRANSFER = replace(_MNIST_ONLY, pretrained=IMAGENET, epochs=1, optimizer="adamw")
# A recipe is named after its architecture; a suffix says how it differs from the usual one.
RECIPES: dict[str, Recipe] = {
    "cnn": Recipe(),
    # Continues a trained ``cnn``: with --start, and --start-share to forget less.
    "cnn-continued": Recipe(epochs=4, learning_rate=3e-3, synthetic=48_000, outliers=40_000),
    "cnn-mnist": replace(_CNN_LARGE, architecture="cnn"),
    "dense": _DENSE,
    "dense-plain": replace(_DENSE, synthetic=0, outliers=0, augment="none", learning_rate=1e-3),
    "cnn_large": _CNN_LARGE,
    # The teacher of ``cnn``: a larger network, trained on the same images.
    "cnn_large-all": Recipe(architecture="cnn_large", epochs=12),
    "small": replace(_SMALLEST, architecture="small", epochs=30),
    "tiny": replace(_SMALLEST, architecture="tiny", epochs=60, optimizer="adamw"),
    "quick": replace(_MNIST_ONLY, architecture="quick", epochs=4, ema_share=0.06),
    "mobilenetv2": replace(_TRANSFER, architecture="mobilenetv2", learning_rate=1e-3),
    "resnet50": replace(_TRANSFER, architecture="resnet50", learning_rate=3e-4),
}
RECIPES["ensemble"] = Recipe(
    architecture="ensemble",
    members=_with_distinct_seeds(
        tuple(RECIPES[build.__name__] for build in MEMBERS.values()), seed=0
    ),
)
