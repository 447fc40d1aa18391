"""Names from earlier versions, which old checkpoints and commands still use."""

_ARCHITECTURES = {"deep": "cnn_large", "deep_cnn": "ensemble"}
_FIELDS = {"columns": "members", "drawn": "synthetic"}


def current_architecture(name: str) -> str:
    """Return today's name of an architecture or recipe; other names come back unchanged."""
    return _ARCHITECTURES.get(name, name)


def with_current_names(config: dict) -> dict:
    """Return a checkpoint's configuration, as JSON types, with today's names.

    Values of unexpected types come back unchanged; verifying them is left to the caller.
    """
    renamed = _rename_architecture(config)
    if isinstance(config.get("recipe"), dict):
        renamed["recipe"] = _rename_recipe(config["recipe"])
    if isinstance(config.get("training"), dict):
        renamed["training"] = _rename_fields(config["training"])
    return renamed


def _rename_recipe(recipe: dict) -> dict:
    renamed = _rename_architecture(_rename_fields(recipe))
    members = renamed.get("members")
    if isinstance(members, list) and all(isinstance(member, dict) for member in members):
        renamed["members"] = [_rename_architecture(_rename_fields(member)) for member in members]
    return renamed


def _rename_fields(values: dict) -> dict:
    return {_FIELDS.get(name, name): value for name, value in values.items()}


def _rename_architecture(values: dict) -> dict:
    name = values.get("architecture")
    return values | ({"architecture": current_architecture(name)} if isinstance(name, str) else {})
