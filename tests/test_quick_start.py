import platform
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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="Needs glibc.")
def test_memory_is_used_again():
    """The system counts a page fault for each page of memory that it has to provide anew."""
    code = (
        "import resource, numpy; from digit_model.quick_start import reuse_memory; {}\n"
        "for _ in range(50): arrays = [numpy.ones(2**16) for _ in range(40)]; del arrays\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)"
    )
    assert int(run(code.format("reuse_memory()"))) + 10_000 < int(run(code.format("")))
