"""The Hugging Face Hub: download checkpoints, publish them and the page, upload corrections.

The only room that imports huggingface_hub. Whatever the network does, ``download`` returns or
raises within its time limit, and every failure is one sentence for people.
"""

from .dataset_upload import upload_folders
from .downloading import download
from .front_matter import (
    Evaluation,
    add_model_to_readme,
    model_front_matter,
    static_space_front_matter,
)
from .names import is_commit, is_repository_name
from .publishing import (
    Published,
    PublishOptions,
    publish,
    publish_space,
    publish_static_space,
    repository_url,
)
from .space_status import watch_space

__all__ = [
    "Evaluation",
    "PublishOptions",
    "Published",
    "add_model_to_readme",
    "download",
    "is_commit",
    "is_repository_name",
    "model_front_matter",
    "publish",
    "publish_space",
    "publish_static_space",
    "repository_url",
    "static_space_front_matter",
    "upload_folders",
    "watch_space",
]
