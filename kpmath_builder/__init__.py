"""Build a key-point-driven math dataset (KPMath, arXiv 2403.02333) with an open model of your own."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kpmath_builder.auditing.audit import audit
    from kpmath_builder.auditing.report import AuditFinding, AuditReport, Severity
    from kpmath_builder.dataset.loading import load
    from kpmath_builder.errors import BuildError, InputError, KpmathError
    from kpmath_builder.estimation.plan import BuildPlan
    from kpmath_builder.estimation.planner import plan
    from kpmath_builder.evaluation.compare import Comparison, compare
    from kpmath_builder.evaluation.evaluate import evaluate
    from kpmath_builder.evaluation.result import EvaluationResult
    from kpmath_builder.pipeline import BuildResult, build, rescore
    from kpmath_builder.previewing.preview import preview
    from kpmath_builder.previewing.result import PreviewResult, PreviewRow
    from kpmath_builder.progress import Progress
    from kpmath_builder.publishing.publish import Published, publish
    from kpmath_builder.recipe import Recipe

__all__ = [
    "AuditFinding",
    "AuditReport",
    "BuildError",
    "BuildPlan",
    "BuildResult",
    "Comparison",
    "EvaluationResult",
    "InputError",
    "KpmathError",
    "PreviewResult",
    "PreviewRow",
    "Progress",
    "Published",
    "Recipe",
    "Severity",
    "audit",
    "build",
    "compare",
    "evaluate",
    "load",
    "plan",
    "preview",
    "publish",
    "rescore",
]

_HOMES = {
    "auditing.audit": ("audit",),
    "auditing.report": ("AuditFinding", "AuditReport", "Severity"),
    "errors": ("BuildError", "InputError", "KpmathError"),
    "dataset.loading": ("load",),
    "estimation.plan": ("BuildPlan",),
    "estimation.planner": ("plan",),
    "evaluation.compare": ("Comparison", "compare"),
    "evaluation.evaluate": ("evaluate",),
    "evaluation.result": ("EvaluationResult",),
    "pipeline": ("BuildResult", "build", "rescore"),
    "previewing.preview": ("preview",),
    "previewing.result": ("PreviewResult", "PreviewRow"),
    "progress": ("Progress",),
    "publishing.publish": ("Published", "publish"),
    "recipe": ("Recipe",),
}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is asked for: `kpmath --help` and single rooms need not wait for all of it."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, so that a notebook completes them before they are imported."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
