"""The model card: its front matter, its text and its figures."""

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
PROGRAM = "https://huggingface.co/spaces/user/page"


def card_text(trained, *others) -> str:
    return model_card.build_card(trained, REPO, *others)["README.md"].decode()


@pytest.fixture(scope="module")
def text(folder):
    return card_text(checkpoint.load(folder), PROGRAM, REAL)


def test_the_front_matter_has_the_fields_that_the_hub_reads(text):
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


def test_huggingface_hub_can_parse_the_scores(text):
    results = ModelCard(text).data.eval_results
    accuracies = {r.dataset_name: r.metric_value for r in results if r.metric_type == "accuracy"}
    assert accuracies == {"MNIST": SCORES["accuracy"], "phone photos": 0.976}


def test_the_card_states_training_scores_and_weights(text, folder):
    assert "| learning_rate | 0.003 |" in text
    assert "3 epochs (2 minutes)" in text
    assert "| MNIST test | 10,000 | 99.61% | 39 | 0.0123 | 0.0011 |" in text
    assert json.loads((folder / CONFIG).read_text())["weights"]["sha256"] in text


def test_the_card_of_an_ensemble_has_the_recipe_of_each_network(folder):
    trained = checkpoint.load(folder)
    trained.record["recipe"] = RECIPES["ensemble"].as_json()
    text = card_text(trained)
    assert f"| setting |{6 * ' value |'}" in text
    assert "| architecture | cnn_large | cnn | small | cnn_large | cnn | small |" in text
    assert "| epochs | 12 | 24 | 30 | 12 | 24 | 30 |" in text
    assert "| seed | 0 | 0 | 0 | 1 | 1 | 1 |" in text


def test_the_card_names_the_other_weights_that_it_was_trained_from(folder):
    trained = checkpoint.load(folder)
    trained.record["training"] |= {"start": "0123456789abcdef", "corrections": 12}
    text = card_text(trained)
    start = (
        "MNIST and 12 corrections by visitors, starting from the weights with sha256 0123456789ab…"
    )
    assert f"{start}, for " in text
    trained.record["training"]["teacher"] = "fedcba9876543210"
    text = card_text(trained)
    assert f"{start}, distilled from the weights with sha256 fedcba987654…, for " in text
    trained.record["training"] = {"epochs": 4, "seconds": 60, "start": "0123", "start_share": 0.25}
    kept = "the weights with sha256 0123…, of which 25% is kept in the mean of both, for 4 epochs"
    assert kept in card_text(trained)
    trained.record["training"]["average"] = ["4567", "89ab"]
    assert "kept in the mean of both, as the mean of 2 trainings' weights, for 4" in card_text(
        trained
    )
    trained.record["training"] = {"epochs": 2, "seconds": 60, "refit": "0123456789abcdef"}
    text = card_text(trained)
    refit = "refitted on all training images after the weights with sha256 0123456789ab…"
    assert f"MNIST, {refit}, for 2 epochs (1 minutes)" in text


def test_the_figures_exist_and_are_the_same_each_time(folder):
    trained = checkpoint.load(folder)
    files, again = model_card.build_card(trained, REPO), model_card.build_card(trained, REPO)
    assert files == again
    shown = re.findall(r"!\[.*?\]\((.*?)\)", files["README.md"].decode())
    assert sorted(shown) == sorted(files.keys() - {"README.md"})
    for name in shown:
        with Image.open(io.BytesIO(files[name])) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert min(picture.size) > 300


def test_the_card_says_where_the_program_is(text):
    assert f'pip install "git+{PROGRAM}"' in text


def test_an_error_is_visible_in_its_cell_of_the_confusion_matrix():
    counts = np.diag([9] * 10)
    clean = np.asarray(draw_confusion_matrix(counts.tolist()))
    counts[4, 9] = 2
    mistaken = np.asarray(draw_confusion_matrix(counts.tolist()))
    rows, columns = np.nonzero((clean == 255).all(axis=2) & (mistaken != 255).any(axis=2))
    middle = rows.mean() / clean.shape[0], columns.mean() / clean.shape[1]
    np.testing.assert_allclose(middle, (0.49, 0.94), atol=0.03)


def test_the_card_of_a_checkpoint_without_scores_states_none(tmp_path):
    bare = Checkpoint(ARCHITECTURES["dense"](), "dense", Calibration(1.0, 0.0, 100.0))
    files = model_card.build_card(checkpoint.save(tmp_path, bare), REPO)
    text = files["README.md"].decode()
    assert "pip install" not in text
    assert "model-index" not in text
    assert "None were measured." in text
    assert files.keys() == {"README.md", "heatmaps.png"}
