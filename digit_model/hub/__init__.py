"""The Hugging Face Hub: fetch files of a model repository, publish to one and to a Space, keep
folders in a dataset.

The one room that imports huggingface_hub. Whatever the network does, ``download`` returns or raises
within its time limit, and every failure is a sentence for people.
"""

from .dataset_upload import upload_folders
from .downloading import download
from .front_matter import Evaluation, add_model_to_readme, model_front_matter
from .names import is_commit, is_repository_name
from .publishing import Published, publish, publish_space
from .space_status import watch_space

__all__ = [
    "Evaluation",
    "Published",
    "add_model_to_readme",
    "download",
    "is_commit",
    "is_repository_name",
    "model_front_matter",
    "publish",
    "publish_space",
    "upload_folders",
    "watch_space",
]
