"""A process's limits, seen from inside."""

import platform
import subprocess
import sys

import pytest

from page import limits
from tests.helpers import ROOT

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def run(program: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    return ended.stdout + ended.stderr


@linux_only
@pytest.mark.skipif(platform.machine() not in limits._SYSTEM_CALLS, reason="unknown processor")
def test_without_network_no_thread_opens_a_socket_and_files_and_pipes_work():
    said = run(
        "import os, socket, tempfile, threading\n"
        "from page import limits\n"
        "pair, go = socket.socketpair(), threading.Event()\n"
        "def late():\n"
        "    go.wait()\n"
        "    try:\n"
        "        socket.socket()\n"
        "    except PermissionError:\n"
        "        print('refused')\n"
        "thread = threading.Thread(target=late)\n"
        "thread.start()\n"
        "print(limits.cut_network())\n"
        "go.set()\n"
        "thread.join()\n"
        "pair[0].send(b'x')\n"
        "print(pair[1].recv(1), tempfile.TemporaryFile().write(b'xy'))\n"
    )
    assert said == "True\nrefused\nb'x' 2\n"


@linux_only
def test_more_memory_than_the_address_space_is_an_error():
    said = run(
        "from page import limits\n"
        "limits.bound_address_space(2**28)\n"
        "try:\n"
        "    bytes(2**29)\n"
        "except MemoryError:\n"
        "    print('refused')\n"
    )
    assert said == "refused\n"
