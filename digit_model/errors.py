"""The exception tree. Every message can be shown to the person whose picture or command failed.

DigitError
├── UndecodableImage     the file is no picture that can be read
│   └── PictureTooLarge  it is one, of too many pixels
├── NoInk                the picture is blank, too small, or nothing in it looks like a stroke
├── BadLink              a link to a drawing is cut or mistyped
├── BadDataset           a training or test file is not what it should be
├── BadCheckpoint        a checkpoint folder is damaged, incomplete or hostile
├── CheckpointExists     a run would overwrite an earlier one
├── WeightsUnavailable   the weights that a training begins with could not be downloaded
├── ModelUnavailable     the Hub did not give the model in time
└── PublishFailed        the Hub did not take the model
"""


class DigitError(Exception):
    """Anything that this package reports to a person."""


class UndecodableImage(DigitError):
    """The file is no picture that can be read."""


class PictureTooLarge(UndecodableImage):
    """The picture has more pixels than are read."""


class NoInk(DigitError):
    """Nothing in the picture looks like a stroke."""


class BadLink(DigitError):
    """A link to a drawing is cut, mistyped or too long."""


class BadDataset(DigitError):
    """A data file is truncated, mislabelled or of the wrong shape."""


class BadCheckpoint(DigitError):
    """A checkpoint folder is damaged, incomplete or hostile."""


class CheckpointExists(DigitError):
    """The folder to write to already holds a checkpoint."""


class WeightsUnavailable(DigitError):
    """The weights that a training begins with could not be downloaded."""


class ModelUnavailable(DigitError):
    """The Hub did not give the model in time."""


class PublishFailed(DigitError):
    """The Hub did not take the model."""
