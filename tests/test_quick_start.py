import subprocess
import sys

import pytest

START = "from digit_model.quick_start import import_keras_without_pandas as start; start(); "


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_keras_is_imported_without_pandas():
    assert run(START + "import sys; print('keras' in sys.modules, 'pandas' in sys.modules)") == (
        "True False\n"
    )


def test_pandas_can_be_imported_before_and_after():
    pytest.importorskip("pandas")
    assert run(START + "import pandas; print(pandas.Series([7])[0])") == "7\n"
    assert run("import pandas; " + START + "import sys; print('pandas' in sys.modules)") == "True\n"
