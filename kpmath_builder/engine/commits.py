"""Which commit of a model was loaded, for provenance."""

from pathlib import Path

from kpmath_builder.recipe import VllmSettings

__all__ = ["commit_of"]


def commit_of(settings: VllmSettings) -> str:
    """Return the commit of a model that was just loaded from the Hub, according to the Hub's cache; else the recipe's revision."""
    from huggingface_hub import try_to_load_from_cache

    try:
        path = try_to_load_from_cache(settings.model, "config.json", revision=settings.revision or "main")
    except ValueError:  # a folder is not a name on the Hub
        path = None
    return Path(path).parent.name if isinstance(path, str) else settings.revision or ""
