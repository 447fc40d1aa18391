"""The Hugging Face Hub: fetch files of a model repository, publish to one and to a Space, keep
folders in a dataset.

The one room that imports huggingface_hub. Whatever the network does, ``download`` returns or raises
within its time limit, and every failure is a sentence for people.
"""

from .dataset_upload import deposit
from .downloading import download
from .front_matter import Measured, front_matter, with_model
from .names import is_commit, is_repository_name
from .publishing import Published, publish, publish_space
from .space_status import watch

__all__ = [
    "Measured",
    "Published",
    "deposit",
    "download",
    "front_matter",
    "is_commit",
    "is_repository_name",
    "publish",
    "publish_space",
    "watch",
    "with_model",
]
