"""Define the exceptions of this package. Every message can be shown to the person it concerns.

DigitError
├── UndecodableImage     a file or array is not a picture that can be read
│   └── PictureTooLarge  a picture has more pixels than can be read
├── NoInk                a picture is blank, or nothing in it looks like a stroke
├── BadLink              a link to a drawing is truncated or mistyped
├── BadDataset           a training or test file is damaged or has the wrong format
├── BadCheckpoint        a checkpoint folder is damaged, incomplete or hostile
├── CheckpointExists     a run would overwrite an earlier checkpoint
├── WrongBackend         Keras runs on another backend than JAX
├── WeightsUnavailable   the weights that a training run starts from cannot be downloaded
├── ModelUnavailable     the Hub did not deliver the model in time
└── PublishFailed        the Hub did not accept the model
"""


class DigitError(Exception):
    """The base of all errors that this package reports to a person."""


class UndecodableImage(DigitError):
    """A file or array is not a picture that can be read."""


class PictureTooLarge(UndecodableImage):
    """A picture has more pixels than can be read."""


class NoInk(DigitError):
    """A picture is blank, or nothing in it looks like a stroke."""


class BadLink(DigitError):
    """A link to a drawing is truncated, mistyped or too long."""


class BadDataset(DigitError):
    """A data file is truncated, mislabelled or of the wrong shape."""


class BadCheckpoint(DigitError):
    """A checkpoint folder is damaged, incomplete or hostile."""


class CheckpointExists(DigitError):
    """The folder to write to already holds a checkpoint."""


class WrongBackend(DigitError):
    """Keras runs on another backend than JAX."""


class WeightsUnavailable(DigitError):
    """The weights that a training run starts from cannot be downloaded."""


class ModelUnavailable(DigitError):
    """The Hub did not deliver the model in time."""


class PublishFailed(DigitError):
    """The Hub did not accept the model."""
