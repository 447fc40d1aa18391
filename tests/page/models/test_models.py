"""The models at hand: listed, verified, chosen by one visitor, compared, marked."""

import json
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

import app
from digit_model import checkpoint, pretrained
from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Calibration
from digit_model.checkpoint import Checkpoint
from digit_model.data.mnist import LabelledImages
from digit_model.errors import BadCheckpoint, BadDataset
from digit_model.metrics import score
from digit_model.pretrained import Pretrained
from digit_model.training_log import LOG, write_log
from page.corrections.panel import correct
from page.corrections.store import Corrections
from page.files import table as batch
from page.models import history, mistakes, view
from page.models import registry as models
from page.models.history import read_history
from page.models.mistakes import TestSet
from page.models.registry import SERVED, Models
from page.models.tab import Choosing
from page.reading.handlers import Handlers
from tests.helpers import sketch
from tests.page.corrections.test_store import seen
from tests.page.files.test_table import parsed

DENSE, BROKEN = "runs/dense", "runs/<b>"
HISTORY = """{"epoch": 1, "step": 1, "seconds": 1.0, "loss": 2.0, "accuracy": 0.5}
{"epoch": 1, "seconds": 2.0, "loss": 1.0, "accuracy": 0.7, "val_loss": 1.0, "val_accuracy": 0.9}
{"epoch": 2, "seconds": 4.0, "loss": 1.0, "accuracy": 0.8, "val_loss": 1.0, "val_accuracy": 0.99}
"""


def made(folder: Path, seed: int = 0, **options) -> Checkpoint:
    """A checkpoint of an untrained network, with scores and a history as train.py writes them."""
    keras.utils.set_random_seed(seed)
    logits = np.random.default_rng(seed).normal(size=(200, 10))
    scores = {"validation": score(logits, np.arange(200) % 10).as_json()}
    record = {"scores": scores, "training": {"epochs": 2, "seconds": 61.0}}
    saved = checkpoint.save(
        folder, Checkpoint(ARCHITECTURES["dense"](), "dense", Calibration(), record), **options
    )
    (folder / LOG).write_text(HISTORY)
    return saved


def made_up_mnist(path: Path, images: int = 700) -> Path:
    rng = np.random.default_rng(0)
    arrays = {
        f"{kind}_{part}": values
        for part in ("train", "test")
        for kind, values in (
            ("x", rng.integers(0, 256, (images, 28, 28), np.uint8)),
            ("y", rng.integers(0, 10, images, np.uint8)),
        )
    }
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A folder with a checkpoint, a damaged one, and a training that has only begun."""
    folder = tmp_path_factory.mktemp("at-hand") / "runs"
    made(folder / "dense")
    (folder / "<b>").mkdir()
    (folder / "<b>" / "config.json").write_text("{}")
    (folder / "begun").mkdir()
    (folder / "begun" / LOG).write_text(HISTORY)
    return folder


@pytest.fixture(scope="module")
def mnist(tmp_path_factory) -> Path:
    return made_up_mnist(tmp_path_factory.mktemp("data") / "mnist.npz")


@pytest.fixture(scope="module")
def at_hand(bundled, runs) -> Models:
    """The bundled checkpoint and those in ``runs``, verified."""
    found = Models(bundled, runs)
    list(found.check())
    return found


def test_what_is_at_hand_is_listed_first_and_verified_then(bundled, runs):
    at_hand = Models(bundled, runs)
    assert [card.key for card in at_hand.cards()] == [SERVED, BROKEN, DENSE]
    assert all(card.facts is None and not card.why for card in at_hand.cards())
    *_, last = at_hand.check()
    served, broken, dense = last
    assert served.facts.parameters == 274_218
    assert dense.facts.architecture == "dense"
    assert dense.facts.bytes == (runs / "dense" / "model.weights.h5").stat().st_size
    assert 0 < dense.facts.milliseconds < 1000
    assert "config.json" in broken.why
    assert list(at_hand.check()) == []


def test_the_bundled_checkpoint_is_at_hand_where_another_serves(runs):
    at_hand = Models(pretrained.read(runs / "dense", "the folder dense"), runs)
    assert [card.key for card in at_hand.cards()] == [SERVED, "bundled", BROKEN]


def test_checking_ends_in_time(bundled, runs, monkeypatch):
    monkeypatch.setattr(models, "CHECKING", -1)
    assert list(Models(bundled, runs).check()) == []


@pytest.mark.parametrize("folder", [None, Path("no such folder")])
def test_without_a_folder_there_is_the_served_model(bundled, folder):
    assert [card.key for card in Models(bundled, folder).cards()] == [SERVED]


@pytest.mark.parametrize("key", [BROKEN, "runs/begun", "../runs/dense", "dense", "/etc", ""])
def test_what_is_damaged_or_not_there_is_a_sentence(at_hand, runs, key):
    with pytest.raises(BadCheckpoint) as caught:
        at_hand.get(key)
    assert str(caught.value).endswith(".")
    assert str(runs) not in str(caught.value)


def test_a_checkpoint_that_was_trained_anew_is_another_model(bundled, tmp_path):
    first = made(tmp_path / "runs" / "dense")
    at_hand = Models(bundled, tmp_path / "runs")
    list(at_hand.check())
    assert at_hand.get(DENSE).checkpoint.sha256 == first.sha256
    second = made(tmp_path / "runs" / "dense", seed=1, force=True)
    assert [card.facts is None for card in at_hand.cards()] == [False, True]
    assert at_hand.get(DENSE).checkpoint.sha256 == second.sha256


def test_a_model_is_made_ready_once_and_not_all_are_kept(bundled, runs, tmp_path, monkeypatch):
    read = []

    def counted(folder: Path, source: str) -> Pretrained:
        read.append(source)
        return Pretrained(None, Checkpoint(None, "dense", None), source, folder=folder)

    monkeypatch.setattr(pretrained, "read", counted)
    monkeypatch.setattr(models, "MOST_READY", 1)
    for name in ("one", "two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "config.json").write_text("{}")
    at_hand = Models(bundled, tmp_path / "runs")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(at_hand.get, ["runs/one"] * 16))
    assert read == ["runs/one"]
    assert len(set(map(id, found))) == 1
    for key in ("runs/two", "runs/one"):
        assert at_hand.get(key).source == key
    assert read == ["runs/one", "runs/two", "runs/one"]


def test_each_visitor_is_answered_by_the_model_of_the_key(at_hand, tmp_path):
    handlers = Handlers(at_hand)
    path = tmp_path / "seven.png"
    sketch(7).save(path)
    _, pictures, ours = handlers.image(str(path), "LayerCAM", SERVED)
    assert 'data-method="LayerCAM" aria-pressed="true"' in pictures
    _, pictures, other = handlers.image(str(path), "LayerCAM", DENSE)
    assert "(gradient × input)" in pictures
    assert not np.allclose(
        ours.reading.digits[0].probabilities, other.reading.digits[0].probabilities
    )
    shown, _, nothing = handlers.image(str(path), None, "runs/gone")
    assert "no longer there" in shown
    assert nothing is None


def test_files_are_read_by_the_model_of_the_key(at_hand, tmp_path):
    files = [("seven.png", tmp_path / "seven.png")]
    sketch(7).save(files[0][1])
    shares = [
        parsed(batch.as_csv([batch._read(at_hand.get(key).recogniser, *files[0])]))[1][2]
        for key in (SERVED, DENSE)
    ]
    assert shares[0] != shares[1]
    *_, last = batch.read_with(at_hand, files, DENSE)
    assert "1 of 1 read" in last
    assert "no longer there" in "".join(batch.read_with(at_hand, files, "runs/gone"))


def test_a_correction_names_the_model_that_answered(at_hand, tmp_path):
    assert "Kept as 4" in correct(Corrections(tmp_path), at_hand, DENSE, seen(), "4")
    [folder] = (path for path in tmp_path.iterdir() if not path.name.startswith("."))
    record = json.loads((folder / "record.json").read_text())
    assert record["sha256"] == at_hand.get(DENSE).checkpoint.sha256
    assert record["model"] == DENSE
    assert "no longer there" in correct(Corrections(tmp_path), at_hand, "runs/x", seen(), "4")


def test_the_list_has_a_button_for_each_that_can_be_chosen(at_hand):
    html = Choosing(at_hand, TestSet()).listed()
    assert html.count('type="radio"') == 2
    assert f'value="{DENSE}"' in html
    assert "runs/&lt;b&gt;" in html
    assert "<b>" not in html
    assert "by validation images" in html
    assert "being checked" in view.choices([models.Card("new", "runs/new")])


def test_what_is_seen_of_a_model_holds_its_numbers(at_hand):
    looked, under, small, key = Choosing(at_hand, TestSet()).shown(DENSE)
    assert key == DENSE
    assert "2 epochs in 1 minute" in looked
    assert "validation 99.0%" in looked
    assert "200 validation images" in looked
    assert "app.py --data" in under
    assert "Answered by runs/dense" in small
    counts = at_hand.get(DENSE).checkpoint.record["scores"]["validation"]["confusion"]
    table = ElementTree.fromstring(view.confusion(counts))
    shown = [[int(cell.text or 0) for cell in row.iter("td")] for row in table.find("tbody")]
    assert shown == counts


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ({}, "On the scale of the errors."),
        ({"augment": "none"}, "On the scale of the errors."),
        ({"augment": "shift", "outliers": 0}, "is distorted."),
        ({"augment": "all", "outliers": 100}, "in part no digit at all."),
        ({"augment": True, "outliers": 100}, "in part no digit at all."),
    ],
)
def test_why_training_lies_below_validation_is_said_where_it_is_so(at_hand, recipe, says):
    dense = at_hand.get(DENSE)
    found = replace(dense.checkpoint, record=dense.checkpoint.record | {"recipe": recipe})
    history = {"validation": (0.9,), "training": (0.7,)}
    assert says in view.look(DENSE, replace(dense, checkpoint=found), history)


def test_a_network_that_learned_from_another_says_so(at_hand):
    dense = at_hand.get(DENSE)
    training = dense.checkpoint.record["training"] | {"teacher": "fedcba98"}
    found = replace(dense.checkpoint, record=dense.checkpoint.record | {"training": training})
    history = {"validation": (0.9,), "training": (0.7,)}
    looked = view.look(DENSE, replace(dense, checkpoint=found), history)
    assert "2 epochs in 1 minute, taught by another network." in looked
    assert "right is what its teacher answers" in looked
    alone = view.look(DENSE, dense, history)
    assert "taught" not in alone
    assert "teacher" not in alone


def test_every_column_of_a_network_has_its_curve(at_hand, tmp_path):
    rows = [json.loads(line) for line in HISTORY.splitlines()]
    columns = {"cnn": rows, "<b>": rows[:2]}
    write_log(
        tmp_path / LOG, [{"column": name, **row} for name in columns for row in columns[name]]
    )
    history = read_history(tmp_path / LOG)
    assert history == {"cnn": (0.9, 0.99), "<b>": (0.9,)}
    dense = at_hand.get(DENSE)
    recipe = {"architecture": "ensemble", "columns": [{}, {}]}
    found = replace(dense.checkpoint, record=dense.checkpoint.record | {"recipe": recipe})
    looked = view.look(DENSE, replace(dense, checkpoint=found), history)
    assert looked.count("<polyline") == 2
    assert "cnn 99.0%" in looked
    assert "&lt;b&gt; 90.0%" in looked
    assert "Validation, of networks that learned apart" in looked


def test_what_learned_from_all_images_has_its_curves_in_training(at_hand, tmp_path):
    rows = [{"epoch": 1, "accuracy": 0.7}, {"epoch": 2, "accuracy": 0.8}]
    write_log(tmp_path / LOG, rows)
    alone = read_history(tmp_path / LOG)
    assert alone == {"training": (0.7, 0.8)}
    dense = at_hand.get(DENSE)
    training = dense.checkpoint.record["training"] | {"refit": "fedcba98"}
    record = dense.checkpoint.record | {"training": training}
    found = replace(dense.checkpoint, record=record)
    looked = view.look(DENSE, replace(dense, checkpoint=found), alone)
    assert "2 epochs in 1 minute, on all training images." in looked
    assert looked.count("<polyline") == 1
    write_log(tmp_path / LOG, [{"column": name, **row} for name in ("a", "b") for row in rows])
    columns = read_history(tmp_path / LOG)
    assert columns == {"a": (0.7, 0.8), "b": (0.7, 0.8)}
    for outliers, told in ((0, "Training"), (20, "Training, in part on what is no digit")):
        recipe = {"architecture": "ensemble", "columns": [{}, {"outliers": outliers}]}
        found = replace(dense.checkpoint, record=record | {"recipe": recipe})
        looked = view.look(DENSE, replace(dense, checkpoint=found), columns)
        assert f">{told}, of networks that learned apart" in looked


@pytest.mark.parametrize(
    "text",
    [
        *("", "1\n", "[]\n", '{"loss": 0.5}\n', '{"accuracy": 0.5, "val_accuracy": NaN}\n'),
        *('{"accuracy": 0.5, "val_accuracy": 2}\n', "[" * 10_000, "\0", "äöü", '"epoch"\n'),
        '{"column": [], "accuracy": 0.5, "val_accuracy": 0.5}\n',
    ],
)
def test_a_history_that_is_none_gives_no_curves(tmp_path, text):
    (tmp_path / LOG).write_text(text, encoding="utf-8")
    assert read_history(tmp_path / LOG) == {}
    assert read_history(tmp_path / "none.jsonl") == {}


@pytest.mark.parametrize(
    "shares",
    [[0.1], [1.0], [0.0, 1.0], [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999], [0.9957] * 400],
)
def test_curves_stay_within_their_picture(shares):
    svg = ElementTree.fromstring(history.draw({"validation": shares, "training": shares}))
    rows = [float(line.get("y1")) for line in svg.iter("line")]
    assert len(rows) >= 2
    for curve in svg.iter("polyline"):
        points = [tuple(map(float, point.split(","))) for point in curve.get("points").split()]
        assert len(points) == len(shares)
        assert all(0 <= x <= history.WIDTH and 0 <= y <= history.HEIGHT for x, y in points)
        heights = [y for _, y in points]
        assert heights == sorted(heights, reverse=True)  # the better the higher


def test_mistakes_are_all_that_is_wrong_the_surest_first():
    labels = np.array([0, 1, 2, 3], np.uint8)
    images = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    logits = np.zeros((4, 10))
    for place, (answer, height) in enumerate([(0, 9), (7, 2), (2, 9), (5, 4)]):
        logits[place, answer] = height
    found = mistakes.wrong(LabelledImages(images, labels), logits, 1.0)
    assert (found.images, found.count) == (4, 2)
    assert [(one.label, one.answer) for one in found.shown] == [(3, 5), (1, 7)]
    assert found.shown[0].image.max() == 3
    html = view.mistakes(found)
    assert html.count("<img") == 2
    assert "A 3 read as 5" in html


def test_a_model_is_marked_once_for_all_visitors(at_hand, mnist):
    tests = TestSet(mnist)
    choosing = Choosing(at_hand, tests)
    assert "data-mistakes" in choosing.shown(DENSE)[1]
    first, *_, last = choosing.marked(DENSE)
    assert "<progress" in first
    found = tests.known(at_hand.get(DENSE))
    assert found.images == 700
    assert found.count > mistakes.MOST_SHOWN
    assert last.count("<img") == mistakes.MOST_SHOWN
    assert list(choosing.marked(DENSE)) == [last]
    assert choosing.shown(DENSE)[1] == last


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04damaged"])
def test_a_bad_test_set_is_a_sentence_without_a_folder(at_hand, tmp_path, content):
    path = tmp_path / "set.npz"
    if content is not None:
        path.write_bytes(content)
    [said] = Choosing(at_hand, TestSet(path)).marked(DENSE)
    assert "set.npz" in said
    assert str(tmp_path) not in said
    with pytest.raises(BadDataset):
        next(TestSet().mark(at_hand.get(DENSE)))


def test_the_download_of_keras_is_found_and_none_is_made(tmp_path):
    assert mistakes.at_hand({"KERAS_HOME": str(tmp_path)}) is None
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").write_bytes(b"")
    found = mistakes.at_hand({"KERAS_HOME": str(tmp_path)})
    assert found == tmp_path / "datasets" / "mnist.npz"


def test_data_that_are_not_there_are_one_sentence(capsys, tmp_path):
    assert app.main(["--port", "0", "--data", str(tmp_path / "no.npz")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
