"""A checkpoint -> the model card that stands beside it on the Hub, with its pictures."""

import re
from collections.abc import Mapping

from .. import hub
from ..checkpoint import Checkpoint
from .figures import draw_confusion_matrix, draw_heatmaps, encode_png
from .scores import RealPictureScore

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
letters, no signs and no printed type; what is no digit is often, but not always, refused. MNIST
was written in the United States around 1990: hands from elsewhere may be read less well. The tiles
must be made as MNIST makes them (the program does that): on others the scores do not hold.

## Scores

{scores}
{pictures}
## How it was trained

{training}

{recipe}

The weights' sha256 is `{sha256}`.
"""
_CONFUSION, _HEATMAPS = "confusion.png", "heatmaps.png"
_METRICS = ("accuracy", "nll", "ece")


def build_card(
    checkpoint: Checkpoint, repo: str, real: Mapping[str, RealPictureScore] | None = None
) -> dict[str, bytes]:
    """The files of the card by name: README.md with its front matter, and its pictures.

    checkpoint: a verified one; what the card says of training and MNIST is from its record.
    repo: where it is going to lie, USER/NAME.
    real: how it read sets of real pictures, by the set's name.
    """
    record, real = checkpoint.record, real or {}
    name = repo.rpartition("/")[2]
    scores = record.get("scores", {})
    pictures = _pictures(checkpoint, scores)
    text = _CARD.format(
        front_matter=hub.model_front_matter(name, _measured(scores, real)).strip(),
        name=name,
        repo=repo,
        parameters=checkpoint.model.count_params(),
        architecture=checkpoint.architecture,
        temperature=checkpoint.calibration.temperature,
        scores="\n\n".join(filter(None, (_scores(scores), _real(real)))) or "None were measured.",
        pictures=_shown(pictures),
        training=_training(record),
        recipe=_recipe(record.get("recipe", {})),
        sha256=checkpoint.sha256,
    )
    return {"README.md": text.encode(), **pictures}


def _measured(scores: dict, real: Mapping[str, RealPictureScore]) -> list[hub.Evaluation]:
    """What goes into the front matter's model-index."""
    measured = []
    if "test" in scores:
        metrics = {metric: float(scores["test"][metric]) for metric in _METRICS}
        measured.append(hub.Evaluation("ylecun/mnist", "MNIST", metrics, "test"))
    for title, score in real.items():
        dataset = re.sub(r"\W+", "-", title.lower()).strip("-")
        measured.append(hub.Evaluation(dataset, title, {"accuracy": score.accuracy}))
    return measured


def _pictures(checkpoint: Checkpoint, scores: dict) -> dict[str, bytes]:
    found = {_HEATMAPS: encode_png(draw_heatmaps(checkpoint))}
    if "test" in scores:
        found[_CONFUSION] = encode_png(draw_confusion_matrix(scores["test"]["confusion"]))
    return found


def _shown(pictures: dict[str, bytes]) -> str:
    captions = {
        _CONFUSION: "MNIST's test images: what was taken for what.",
        _HEATMAPS: "Digits drawn by the program's own pen, and where the network looked.",
    }
    return "".join(
        f"\n![{text}]({name})\n\n*{text}*\n" for name, text in captions.items() if name in pictures
    )


def _scores(scores: dict) -> str:
    if not scores:
        return ""
    rows = [
        f"| MNIST {part} | {s['images']:,} | {s['accuracy']:.2%} | {s['errors']:,} "
        f"| {s['nll']:.4f} | {s['ece']:.4f} |"
        for part, s in scores.items()
    ]
    head = "| set | images | accuracy | errors | NLL (nats) | ECE |\n|---|---|---|---|---|---|"
    return "\n".join([head, *rows, "", "Choices were made on validation; test was scored once."])


def _real(real: Mapping[str, RealPictureScore]) -> str:
    if not real:
        return ""
    rows = [f"| {name} | {s.pictures:,} | {s.accuracy:.1%} |" for name, s in real.items()]
    head = "Pictures that people made, none of them used for training:\n\n"
    return head + "\n".join(["| set | pictures | accuracy |", "|---|---|---|", *rows])


def _training(record: dict) -> str:
    training, versions = record.get("training", {}), record.get("versions", {})
    length = (
        f" for {training['epochs']} epochs ({training['seconds'] / 60:.0f} minutes)"
        if {"epochs", "seconds"} <= training.keys()
        else ""
    )
    tools = ", ".join(f"{package} {version}" for package, version in versions.items())
    return f"By `train.py` on MNIST{_besides(training)}{length} with {tools}, by this recipe:"


def _recipe(recipe: dict) -> str:
    """What was chosen as a table; each column of a network has its own beside the others'."""
    recipes = recipe.get("columns") or [recipe]
    lines = [f"| setting |{' value |' * len(recipes)}", f"|---|{'---|' * len(recipes)}"]
    for setting in recipes[0]:
        lines.append(f"| {setting} | {' | '.join(str(own[setting]) for own in recipes)} |")
    return "\n".join(lines)


def _besides(training: dict) -> str:
    """What else than MNIST the weights come from, in words."""
    corrections = training.get("corrections")
    learned = f" and {corrections:,} corrections by visitors" if corrections else ""
    weights = {
        "begun with": training.get("start"),
        "taught by": training.get("teacher"),
        "on all training images, validated as": training.get("refit"),
    }
    others = [
        f", {what} the weights of sha256 {sha256[:12]}…"
        for what, sha256 in weights.items()
        if sha256
    ]
    return learned + "".join([*others, ","] if others else [])
