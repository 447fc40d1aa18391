"""The model card: what the Hub reads in it, what people do, and its pictures."""

import io
import json
import re

import numpy as np
import pytest
import yaml
from huggingface_hub import ModelCard
from PIL import Image

from digit_model import checkpoint
from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Calibration
from digit_model.card import model_card
from digit_model.card.figures import draw_confusion_matrix
from digit_model.card.scores import RealPictureScore
from digit_model.checkpoint import CONFIG, Checkpoint
from digit_model.training.recipes import RECIPES
from tests.helpers import SCORES

REAL = {"phone photos": RealPictureScore(460, 0.976)}
REPO = "user/digits"


@pytest.fixture(scope="module")
def text(folder):
    return model_card.build_card(checkpoint.load(folder), REPO, REAL)["README.md"].decode()


def test_the_front_matter_is_what_the_hub_reads(text):
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["license"] == "apache-2.0"
    assert front["library_name"] == "keras"
    assert front["pipeline_tag"] == "image-classification"
    assert front["datasets"] == ["ylecun/mnist"]
    assert front["metrics"] == ["accuracy"]
    [model] = front["model-index"]
    assert model["name"] == "digits"
    result, photos = model["results"]
    assert photos["dataset"] == {"type": "phone-photos", "name": "phone photos"}
    assert photos["metrics"] == [{"type": "accuracy", "value": 0.976}]
    assert result["dataset"] == {"type": "ylecun/mnist", "name": "MNIST", "split": "test"}
    measured = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert measured == {name: SCORES[name] for name in ("accuracy", "nll", "ece")}


def test_huggingface_hub_reads_the_scores_back(text):
    results = ModelCard(text).data.eval_results
    accuracies = {r.dataset_name: r.metric_value for r in results if r.metric_type == "accuracy"}
    assert accuracies == {"MNIST": SCORES["accuracy"], "phone photos": 0.976}


def test_the_card_says_how_it_was_trained_and_what_it_scored(text, folder):
    assert "| learning_rate | 0.003 |" in text
    assert "3 epochs (2 minutes)" in text
    assert "| MNIST test | 10,000 | 99.61% | 39 | 0.0123 | 0.0011 |" in text
    assert json.loads((folder / CONFIG).read_text())["weights"]["sha256"] in text


def test_the_card_says_how_each_column_was_trained(folder):
    found = checkpoint.load(folder)
    found.record["recipe"] = RECIPES["ensemble"].as_json()
    text = model_card.build_card(found, REPO)["README.md"].decode()
    assert f"| setting |{6 * ' value |'}" in text
    assert "| architecture | cnn_large | cnn | small | cnn_large | cnn | small |" in text
    assert "| epochs | 12 | 24 | 30 | 12 | 24 | 30 |" in text
    assert "| seed | 0 | 0 | 0 | 1 | 1 | 1 |" in text


def test_the_card_says_what_else_the_weights_come_from(folder):
    found = checkpoint.load(folder)
    found.record["training"] |= {"start": "0123456789abcdef", "corrections": 12}
    text = model_card.build_card(found, REPO)["README.md"].decode()
    begun = "MNIST and 12 corrections by visitors, begun with the weights of sha256 0123456789ab…"
    assert f"{begun}, for " in text
    found.record["training"]["teacher"] = "fedcba9876543210"
    text = model_card.build_card(found, REPO)["README.md"].decode()
    assert f"{begun}, taught by the weights of sha256 fedcba987654…, for " in text
    found.record["training"] = {"epochs": 2, "seconds": 60, "refit": "0123456789abcdef"}
    text = model_card.build_card(found, REPO)["README.md"].decode()
    refit = "on all training images, validated as the weights of sha256 0123456789ab…, for 2 epochs"
    assert f"MNIST, {refit}" in text


def test_its_pictures_are_there_and_the_same_each_time(folder):
    found = checkpoint.load(folder)
    files, again = model_card.build_card(found, REPO), model_card.build_card(found, REPO)
    assert files == again
    shown = re.findall(r"!\[.*?\]\((.*?)\)", files["README.md"].decode())
    assert sorted(shown) == sorted(files.keys() - {"README.md"})
    for name in shown:
        with Image.open(io.BytesIO(files[name])) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert min(picture.size) > 300


def test_a_mistake_is_seen_in_the_confusion_matrix():
    counts = np.diag([9] * 10)
    clean = np.asarray(draw_confusion_matrix(counts.tolist()))
    counts[4, 9] = 2
    mistaken = np.asarray(draw_confusion_matrix(counts.tolist()))
    rows, columns = np.nonzero((clean == 255).all(axis=2) & (mistaken != 255).any(axis=2))
    middle = rows.mean() / clean.shape[0], columns.mean() / clean.shape[1]
    np.testing.assert_allclose(middle, (0.49, 0.94), atol=0.03)


def test_a_checkpoint_without_scores_claims_none(tmp_path):
    bare = Checkpoint(ARCHITECTURES["dense"](), "dense", Calibration(1.0, 0.0, 100.0))
    files = model_card.build_card(checkpoint.save(tmp_path, bare), REPO)
    text = files["README.md"].decode()
    assert "model-index" not in text
    assert "None were measured." in text
    assert files.keys() == {"README.md", "heatmaps.png"}
