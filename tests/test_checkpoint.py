import json
import shutil
import time

import h5py
import keras
import numpy as np
import pytest

from digit_model import checkpoint
from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Calibration
from digit_model.checkpoint import CONFIG, WEIGHTS, Checkpoint
from digit_model.errors import BadCheckpoint, CheckpointExists
from digit_model.weights_file import file_sha256

CALIBRATION = Calibration(0.5, 0.6, -2.0)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("checkpoint") / "dense"
    model = ARCHITECTURES["dense"]()
    return folder, checkpoint.save(
        folder, Checkpoint(model, "dense", CALIBRATION, {"recipe": {"seed": 7}})
    )


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved[0], tmp_path / "dense")


def edit(folder, change):
    config = json.loads((folder / CONFIG).read_text())
    change(config)
    (folder / CONFIG).write_text(json.dumps(config))


def sign(folder):
    """Update the recorded size and sha256 to match the weights, as an attacker would."""
    data = (folder / WEIGHTS).read_bytes()
    digest = file_sha256(folder / WEIGHTS)
    edit(folder, lambda config: config["weights"].update(size=len(data), sha256=digest))


def test_saving_and_loading_preserves_everything(saved):
    folder, before = saved
    after = checkpoint.load(folder)
    for one, other in zip(before.model.get_weights(), after.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert after.calibration == CALIBRATION
    assert after.architecture == "dense"
    assert after.record["recipe"] == {"seed": 7}
    assert after.record["versions"].keys() >= {"keras", "jax"}
    assert len(after.sha256) == 64
    assert sorted(path.name for path in folder.iterdir()) == [CONFIG, WEIGHTS]


def test_the_same_weights_give_the_same_file(saved, tmp_path):
    first, second = (checkpoint.save(tmp_path / name, saved[1]) for name in ("one", "two"))
    assert first.sha256 == second.sha256


def test_a_checkpoint_is_replaced_only_by_force(saved):
    folder, before = saved
    with pytest.raises(CheckpointExists, match="--force"):
        checkpoint.save(folder, before)
    checkpoint.save(folder, before, force=True)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda c: c.update(format=2), "format 1"),
        (lambda c: c.update(architecture="../../evil"), "architecture"),
        (lambda c: c.update(architecture="cnn"), "does not fit the architecture"),
        (lambda c: c.pop("weights"), "lacks the size"),
        (lambda c: c["weights"].update(size="9"), "lacks the size"),
        (lambda c: c["weights"].update(size=9), "bytes, not 9"),
        (lambda c: c["weights"].update(sha256="0" * 64), "sha256 differs"),
        (lambda c: c.pop("golden"), "golden"),
        (lambda c: c.update(golden=[float("nan")] * 10), "golden"),
        (lambda c: c.update(golden=[0.0] * 10), "golden tile"),
        (lambda c: c["calibration"].update(temperature=0), "temperature"),
        (lambda c: c["calibration"].update(temperature=float("inf")), "temperature"),
        (lambda c: c["calibration"].update(surprise=1), "temperature"),
        (lambda c: c["calibration"].update(max_energy=10**400), "temperature"),
        (lambda c: c["weights"].update(size=-1), "lacks the size"),
        (lambda c: c.update(recipe=["cnn"]), "recipe"),
        (lambda c: c.update(recipe={"members": 3}), "members of the recipe are not recipes"),
        (
            lambda c: c.update(recipe={"members": [{}, {"seed": 1}]}),
            "members of the recipe are not recipes",
        ),
        (lambda c: c.update(training={"seconds": "long"}), "training.seconds is not a number"),
        (lambda c: c.update(training={"seconds": True}), "training.seconds is not a number"),
        (lambda c: c.update(training={"teacher": 1}), "training.teacher is not a sha256"),
        (lambda c: c.update(training={"refit": 1}), "training.refit is not a sha256"),
        (lambda c: c.update(training={"average": "0"}), "training.average is not a list of sha256"),
        (lambda c: c.update(training={"average": [1]}), "training.average is not a list of sha256"),
        (lambda c: c.update(scores=[]), "scores is not an object"),
        (lambda c: c.update(scores={"test": {"accuracy": "<script>"}}), "scores on 'test'"),
    ],
)
def test_an_invalid_config_entry_is_reported(folder, change, found):
    edit(folder, change)
    with pytest.raises(BadCheckpoint, match=found):
        checkpoint.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, "\x00", '{"format": 1}'])
def test_a_config_that_is_not_an_object_of_this_format_is_rejected(folder, text):
    (folder / CONFIG).write_text(text)
    with pytest.raises(BadCheckpoint):
        checkpoint.load(folder)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_missing_file_is_reported_with_a_remedy(folder, name):
    (folder / name).unlink()
    with pytest.raises(BadCheckpoint, match=rf"There is no {name} in dense\. .* folder"):
        checkpoint.load(folder)


def test_a_missing_folder_is_reported_with_a_remedy(tmp_path):
    with pytest.raises(
        BadCheckpoint, match=r"There is no folder absent\. Name a checkpoint folder"
    ):
        checkpoint.load(tmp_path / "absent")


class Interrupted(BaseException):
    """Stands for the program being killed."""


@pytest.mark.parametrize("call", ["save_weights", "write_text", "replace 1", "replace 2"])
def test_an_interrupted_save_leaves_a_checkpoint_that_loads(folder, saved, monkeypatch, call):
    """Only after config.json is replaced, before the second move, is it the new checkpoint."""
    name, _, nth = call.partition(" ")
    owner = {"save_weights": keras.Model, "write_text": type(folder), "replace": checkpoint.os}
    original, calls = getattr(owner[name], name), []

    def interrupt(*arguments, **options):
        calls.append(arguments)
        if len(calls) < int(nth or 1):
            return original(*arguments, **options)
        if name == "save_weights":
            arguments[1].write_bytes(b"the first bytes of the new weights")
        raise Interrupted

    other = ARCHITECTURES["dense"]()
    other.set_weights([weights + 0.5 for weights in saved[1].model.get_weights()])
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(owner[name], name, interrupt)
        checkpoint.save(folder, Checkpoint(other, "dense", CALIBRATION), force=True)
    expected = other if call == "replace 2" else saved[1].model
    for _ in range(2):
        found = checkpoint.load(folder)
        np.testing.assert_array_equal(found.model.get_weights()[0], expected.get_weights()[0])


def test_a_save_after_an_interrupted_one_leaves_no_other_files(folder, saved):
    (folder / "pending.weights.h5").write_bytes(b"interrupted")
    checkpoint.save(folder, saved[1], force=True)
    assert sorted(path.name for path in folder.iterdir()) == [CONFIG, WEIGHTS]


def test_a_file_instead_of_a_folder_is_reported(folder):
    with pytest.raises(BadCheckpoint, match=f"A checkpoint is a folder with {CONFIG}"):
        checkpoint.load(folder / WEIGHTS)


def test_a_flipped_byte_is_detected(folder):
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(BadCheckpoint, match="sha256"):
        checkpoint.load(folder)


def test_weights_that_are_not_finite_are_rejected(folder):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        first_array(file)[...] = np.nan
    sign(folder)
    with pytest.raises(BadCheckpoint, match="not finite"):
        checkpoint.load(folder)


def test_weights_that_give_another_golden_prediction_are_rejected(folder):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        array = first_array(file)
        array[...] = array[...] + 1
    sign(folder)
    with pytest.raises(BadCheckpoint, match="golden tile"):
        checkpoint.load(folder)


def first_array(group):
    found = []
    group.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
    return next(item for item in found if item.ndim)


def test_a_file_that_is_not_hdf5_is_rejected(folder):
    (folder / WEIGHTS).write_bytes(b"not hdf5" * 100)
    sign(folder)
    with pytest.raises(BadCheckpoint, match="HDF5"):
        checkpoint.load(folder)


@pytest.mark.parametrize("link", [h5py.ExternalLink("/etc/passwd", "/"), h5py.SoftLink("/layers")])
def test_links_are_not_followed(folder, link):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        file["elsewhere"] = link
    sign(folder)
    with pytest.raises(BadCheckpoint, match="link"):
        checkpoint.load(folder)


def test_external_storage_is_rejected(folder, tmp_path):
    (tmp_path / "outside").write_bytes(bytes(4000))
    with h5py.File(folder / WEIGHTS, "r+") as file:
        file.create_dataset("outside", (1000,), "f4", external=[(tmp_path / "outside", 0, 4000)])
    sign(folder)
    with pytest.raises(BadCheckpoint, match="another file"):
        checkpoint.load(folder)


def test_an_array_of_enormous_shape_is_rejected(folder):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        file.create_dataset("bomb", (1 << 40,), "f4", chunks=(1 << 20,))
    sign(folder)
    with pytest.raises(BadCheckpoint, match="1,099,511"):
        checkpoint.load(folder)


def compressed(file):
    """Add a compressed array: 4 kB of zeros here, but it could expand to a terabyte."""
    file.create_dataset("bomb", (1000,), "f4", data=np.zeros(1000, "f4"), compression="gzip")


def group_inside_itself(file):
    file["layers/again"] = file["layers"]


def doubled_at_every_level(file):
    """Nest forty groups, each linked twice from its parent: 2^40 paths lead through them."""
    group = file.create_group("level")
    for _ in range(40):
        below = group.create_group("a")
        group["b"] = below
        group = below


def deep(file):
    group = file
    for _ in range(6000):
        group = group.create_group("d")


def wide(file):
    for number in range(6000):
        file.create_group(f"g{number}")


def empty(file):
    file.create_dataset("empty", data=h5py.Empty("f4"))


def named_type(file):
    file["type"] = np.dtype("f4")


def long_strings(file):
    file.create_dataset("words", (10,), "S1000000", chunks=(1,))


def objects(file):
    """Store a pickle as a string of variable length, which some readers would unpickle."""
    file.create_dataset("code", data="cposix\nsystem\n(S'exit 1'\ntR.", dtype=h5py.string_dtype())


def path_as_name(file):
    file.create_dataset("..\\..\\etc", (200_000,), "f4")


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (compressed, "compressed"),
        (group_inside_itself, "more than 5,000"),
        (doubled_at_every_level, "more than 5,000"),
        (deep, "more than 5,000"),
        (wide, "more than 5,000"),
        (empty, "not an array"),
        (named_type, "not an array"),
        (long_strings, r"array of \|S1000000, not of numbers"),
        (objects, "not of numbers"),
        (path_as_name, "numbers; the network has"),
    ],
)
def test_hostile_weights_are_reported_and_not_read(harm, found, folder):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        harm(file)
    sign(folder)
    started = time.process_time()
    with pytest.raises(BadCheckpoint, match=found):
        checkpoint.load(folder)
    assert time.process_time() - started < 5


@pytest.fixture
def trap(tmp_path):
    """Return a Keras model that creates a file when it is deserialised, and the file's path."""
    sprung = tmp_path / "sprung"
    code = f"lambda x: __import__('pathlib').Path({str(sprung)!r}).touch() or x"
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Lambda(eval(code))]), sprung


@pytest.mark.filterwarnings("ignore:Skipping nested container")
@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_code_in_a_saved_model_is_not_run(kind, trap, folder, tmp_path):
    model, sprung = trap
    model.save(tmp_path / f"trap.{kind}")
    sprung.unlink()
    keras.saving.load_model(tmp_path / f"trap.{kind}", safe_mode=False)
    sprung.unlink()  # Keras itself does run the code.
    shutil.copy(tmp_path / f"trap.{kind}", folder / WEIGHTS)
    sign(folder)
    with pytest.raises(BadCheckpoint):
        checkpoint.load(folder)
    assert not sprung.exists()


def test_random_damage_with_a_matching_sha256_is_rejected_or_harmless(folder):
    whole = (folder / WEIGHTS).read_bytes()
    random = np.random.default_rng(0)
    for _ in range(12):
        data = bytearray(whole)
        for place in random.integers(0, len(data) if random.random() < 0.3 else 4000, 8):
            data[place] = random.integers(256)
        (folder / WEIGHTS).write_bytes(data)
        sign(folder)
        try:
            assert np.isfinite(checkpoint.load(folder).model.get_weights()[0]).all()
        except BadCheckpoint as error:
            assert str(error).endswith(".")
