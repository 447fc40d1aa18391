"""The YAML at the head of a README, which the Hub reads: a model's card, a Space's settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from huggingface_hub import EvalResult, ModelCardData, SpaceCard


@dataclass(frozen=True)
class Evaluation:
    """What was measured on one set: metrics such as ``accuracy`` by name.

    dataset: its name on the Hub, or one that no set there has.
    title: its name for people.
    """

    dataset: str
    title: str
    metrics: Mapping[str, float]
    split: str | None = None


def model_front_matter(name: str, measured: list[Evaluation]) -> str:
    """The YAML of a digit classifier's model card, without the lines of dashes."""
    results = [
        EvalResult(
            task_type="image-classification",
            dataset_type=one.dataset,
            dataset_name=one.title,
            dataset_split=one.split,
            metric_type=metric,
            metric_value=value,
        )
        for one in measured
        for metric, value in one.metrics.items()
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
    """A Space's README whose front matter names the model repository that it serves."""
    card = SpaceCard(readme)
    card.data["models"] = [repo]
    return str(card)
