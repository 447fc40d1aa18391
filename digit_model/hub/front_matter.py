"""The YAML at the head of a README, which the Hub reads: a model's metadata, a Space's settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from huggingface_hub import EvalResult, ModelCardData, SpaceCard, SpaceCardData


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a model on one data set, for the model-index of its card.

    dataset: the data set's id on the Hub, or one that is not used there.
    title: the data set's name for people.
    metrics: value by name of the metric, such as ``accuracy``.
    split: such as "test".
    """

    dataset: str
    title: str
    metrics: Mapping[str, float]
    split: str | None = None


def model_front_matter(name: str, evaluations: Sequence[Evaluation]) -> str:
    """Return the YAML of a digit classifier's model card, without the lines of dashes."""
    results = [
        EvalResult(
            task_type="image-classification",
            dataset_type=evaluation.dataset,
            dataset_name=evaluation.title,
            dataset_split=evaluation.split,
            metric_type=metric,
            metric_value=value,
        )
        for evaluation in evaluations
        for metric, value in evaluation.metrics.items()
    ]
    return ModelCardData(
        license="apache-2.0",
        library_name="keras",
        pipeline_tag="image-classification",
        tags=["jax", "handwritten-digits"],
        datasets=["ylecun/mnist"],
        metrics=["accuracy"],
        model_name=name,
        eval_results=results or None,
    ).to_yaml()


def add_model_to_readme(readme: str, repo: str) -> str:
    """Return a Space's README with ``repo`` named in its front matter as the model it serves."""
    card = SpaceCard(readme)
    card.data["models"] = [repo]
    return str(card)


def static_space_front_matter(readme: str, repo: str) -> str:
    """Return the YAML of a static Space, without the lines of dashes.

    readme: of the Gradio Space, which has the same title, colours and licence. repo: the model.
    """
    data = SpaceCard(readme).data.to_dict()
    for setting in ("sdk_version", "python_version"):
        data.pop(setting, None)
    settings = data | {"sdk": "static", "app_file": "index.html", "models": [repo]}
    return SpaceCardData(**settings).to_yaml()
