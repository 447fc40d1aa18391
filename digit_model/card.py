"""A checkpoint -> the model card that stands beside it on the Hub."""

from . import hub
from .checkpoint import Checkpoint

_CARD = """---
{front_matter}
---

# {name}

A small Keras network ({parameters:,} parameters, architecture `{architecture}`) that names a
handwritten digit, 0 to 9.

## Use

The files are plain weights and a `config.json`; nothing in them is executed. Keras's own `hf://`
loader does not read them. In a checkout of the digit program:

```python
from digit_model import pretrained

recogniser = pretrained.load_from("{repo}").recogniser
print(recogniser.read("digit.png").text)
```

or `python app.py --model {repo}` for the page. The network itself takes
`(n, 28, 28)` float32 tiles in 0..1, 1 being ink, and gives `(n, 10)` logits; divide them by
{temperature:.4g} before the softmax.

**Meant for** digits that a person drew, wrote or photographed, one at a time or a few in a row,
where a person sees the answer.

**Not meant for** decisions without a person, such as cheques, ballots or doses. It knows no
letters, no signs and no printed type; what is no digit is often, but not always, refused. The
tiles must be made as MNIST makes them (the program does that): on others the scores do not hold.

## Scores

{scores}

## How it was trained

{training}

| setting | value |
|---|---|
{recipe}

The weights' sha256 is `{sha256}`.
"""
_METRICS = ("accuracy", "nll", "ece")


def build(checkpoint: Checkpoint, repo: str) -> str:
    """The card as Markdown with its front matter.

    checkpoint: a verified one; what the card says of training and scores is from its record.
    repo: where it is going to lie, USER/NAME.
    """
    record = checkpoint.record
    name = repo.rpartition("/")[2]
    test = record.get("scores", {}).get("test", {})
    measured = {metric: float(test[metric]) for metric in _METRICS if metric in test}
    return _CARD.format(
        front_matter=hub.front_matter(name, measured).strip(),
        name=name,
        repo=repo,
        parameters=checkpoint.model.count_params(),
        architecture=checkpoint.architecture,
        temperature=checkpoint.calibration.temperature,
        scores=_scores(record.get("scores", {})),
        training=_training(record),
        recipe="\n".join(f"| {key} | {value} |" for key, value in record.get("recipe", {}).items()),
        sha256=checkpoint.sha256,
    )


def _scores(scores: dict) -> str:
    if not scores:
        return "None were measured."
    rows = [
        f"| MNIST {part} | {s['images']:,} | {s['accuracy']:.2%} | {s['errors']:,} "
        f"| {s['nll']:.4f} | {s['ece']:.4f} |"
        for part, s in scores.items()
    ]
    head = "| set | images | accuracy | errors | NLL (nats) | ECE |\n|---|---|---|---|---|---|"
    return "\n".join([head, *rows, "", "Choices were made on validation; test was scored once."])


def _training(record: dict) -> str:
    training, versions = record.get("training", {}), record.get("versions", {})
    length = (
        f" for {training['epochs']} epochs ({training['seconds'] / 60:.0f} minutes)"
        if {"epochs", "seconds"} <= training.keys()
        else ""
    )
    tools = ", ".join(f"{package} {version}" for package, version in versions.items())
    return f"By `train.py` on MNIST{length} with {tools}, by this recipe:"
