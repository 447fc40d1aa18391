"""Rows become the same strips in JavaScript, are read alike, decided alike and cut again alike."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from digit_model import pretrained
from digit_model.export import export
from digit_model.picture.components import connected_components
from digit_model.picture.ink import locate_ink
from digit_model.picture.lattice import build_lattice, near_best_paths
from digit_model.picture.strip import STRIP_HEIGHT, draw_strip
from digit_model.row_reader import decide, evidence, read_greedily
from digit_model.synthesis.rows import draw_rows
from tests.static_page.helpers import store, write_fixtures

KINDS = ("apart", "touching", "broken", "bold", "slanted")
# By how much drawn pictures are scaled, and by how many degrees they are turned.
VIEWS = [(1.0, 0.0), (0.2, 0.0), (0.45, 4.0), (1.8, -6.0)]
MARGIN = 8.0
# One window reads up to 128 columns, two read 208.
WIDTHS = (9, 128, 129, 208, 209, 333)


@pytest.fixture(scope="module")
def reader():
    return pretrained.row_reader()


def drawn_ink(kind, factor, degrees):
    picture = Image.fromarray(draw_rows(np.random.default_rng(3), kind).picture)
    turned = picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    return locate_ink(np.asarray(turned.resize([round(factor * side) for side in turned.size]))).ink


def row_case(folder, reader, ink):
    """Return a row whose digits cost what chance says, and what Python makes of it."""
    row = build_lattice(ink, connected_components(ink), 0)
    costs = np.random.default_rng(4).uniform(0, 12, (len(row.glyphs), 10))
    paths = near_best_paths(row, dict(zip(row.glyphs, costs, strict=True)), MARGIN)
    strip = draw_strip(ink, row.pieces, row.height)
    frames = reader.log_probabilities(strip.image)
    decision = decide(frames, paths)
    text = decision.path.text
    seen = read_greedily(frames)
    seams = list(pairwise(map(strip.ink_column, seen.columns)))
    return {
        "ink": store(folder, ink),
        "costs": store(folder, costs),
        "paths": [[path.text, path.cost, path.spans] for path in paths],
        "strip": store(folder, strip.image),
        "frames": store(folder, frames),
        "text": text,
        "likelihood": decision.likelihood,
        "cost": decision.cost,
        "seen": {"text": seen.text, "columns": seen.columns},
        "seams": seams,
        "finer": [piece.box for piece in row.cut_again(seams).pieces],
        "evidence": store(folder, evidence(frames, text, len(text) - 1)),
        "sure": decision.sure.tolist(),
    }


def test_rows_are_decided_as_in_python(node, tmp_path, reader):
    rows = [row_case(tmp_path, reader, drawn_ink(kind, *view)) for kind in KINDS for view in VIEWS]
    write_fixtures(tmp_path, {"margin": MARGIN, "rows": rows, "strips": []})
    node("row_reader", tmp_path)


def test_strips_of_any_width_are_read_as_in_python(node, tmp_path, reader, bundled):
    export(bundled.checkpoint, tmp_path, bundled.source)
    rng = np.random.default_rng(1)
    strips = [rng.random((STRIP_HEIGHT, width), np.float32) for width in WIDTHS]
    cases = [
        {
            "strip": store(tmp_path, strip),
            "frames": store(tmp_path, reader.log_probabilities(strip)),
        }
        for strip in strips
    ]
    write_fixtures(tmp_path, {"margin": MARGIN, "rows": [], "strips": cases})
    node("row_reader", tmp_path)
