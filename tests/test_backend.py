"""Which backend Keras runs on, and the cache of what it compiles."""

import stat

import jax
import jax.numpy as jnp
import pytest

from digit_model.backend import cache_compiled_networks

CACHE_SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Clear JAX's cache settings for one test; return the folder for a user's caches."""
    before = {name: getattr(jax.config, name) for name in CACHE_SETTINGS}
    jax.config.update("jax_compilation_cache_dir", None)
    jax.experimental.compilation_cache.compilation_cache.reset_cache()
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    for name, value in before.items():
        jax.config.update(name, value)
    jax.experimental.compilation_cache.compilation_cache.reset_cache()


def test_compiled_code_is_cached_in_a_private_folder(home):
    cache_compiled_networks()
    jax.jit(lambda x: jnp.tanh(x) * 3.25)(jnp.ones(7)).block_until_ready()
    folder = home / "digit-model" / "jax"
    assert list(folder.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_cache_that_cannot_be_created_is_done_without(home):
    home.write_text("a file in the way")
    cache_compiled_networks()
    assert jax.config.jax_compilation_cache_dir is None


def test_a_folder_in_the_environment_is_left_to_jax(home, monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(home / "other"))
    cache_compiled_networks()
    assert not (home / "digit-model").exists()
