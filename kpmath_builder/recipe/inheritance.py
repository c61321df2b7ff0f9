"""Which keys tables of teachers take from each other: roles from `[teacher]`, solvers from `[roles.solver]`.

A kind chosen on the command line takes those of the file that it has.
"""

from collections.abc import Mapping
from typing import Any

from kpmath_builder.recipe.solvers import SolverSettings, named
from kpmath_builder.recipe.teacher import TEACHERS

__all__ = ["complete_teachers", "kinds_with", "switch_kinds"]

_GONE = {"vllm-offline": 'use kind = "vllm", which opens no port (it listens on a socket)'}
_DEFAULT = "symbolic"


def complete_teachers(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what the tables of roles and solvers take from others: the keys that they do not set and that their kind has.

    Anything that is not a table is left to the validation.

    Raises
    ------
    ValueError
        If a kind is named that there once was, or a solver has no name of its own.
    """
    teacher = tree.get("teacher", {})
    if not isinstance(teacher, Mapping):
        return dict(tree)
    teacher = {"kind": _DEFAULT, **teacher}
    _refuse_gone(teacher)
    completed = {**tree, "teacher": teacher}
    solver: Mapping[str, Any] = teacher
    if isinstance(tree.get("roles"), Mapping):
        completed["roles"] = {role: _complete(table, teacher) for role, table in tree["roles"].items()}
        own = completed["roles"].get("solver")
        solver = own if isinstance(own, Mapping) else teacher
    solvers = named(tree.get("solvers"))
    if isinstance(solvers, Mapping):
        completed["solvers"] = {name: _complete(table, solver) for name, table in solvers.items()}
    return completed


def _refuse_gone(teacher: Mapping[str, Any]) -> None:
    kind = teacher.get("kind")
    if isinstance(kind, str) and kind in _GONE:
        raise ValueError(f'teacher kind "{kind}" is gone: {_GONE[kind]}')


def _complete(table: Any, teacher: Mapping[str, Any]) -> Any:  # noqa: ANN401 - raw TOML
    if not isinstance(table, Mapping):
        return table
    _refuse_gone(table)
    kind = table.get("kind", teacher["kind"])
    if kind == teacher["kind"]:
        return {**teacher, **table}
    return {**_only_keys_of(kind, teacher), "kind": kind, **table}


def switch_kinds(tree: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    """Leave out the keys of a file that a kind chosen on the command line (`--set teacher.kind=…`) does not have."""
    teacher, roles, solvers = tree.get("teacher"), tree.get("roles"), tree.get("solvers")
    for_all = overrides.get("teacher.kind", "")
    switched = dict(tree)
    if for_all and isinstance(teacher, Mapping):
        switched["teacher"] = _only_keys_of(for_all, teacher)
    if isinstance(roles, Mapping):
        switched["roles"] = {
            role: _switch(table, overrides.get(f"roles.{role}.kind", ""), for_all)
            for role, table in roles.items()
        }
    if isinstance(solvers, Mapping):
        switched["solvers"] = {
            name: _switch(table, overrides.get(f"solvers.{name}.kind", ""), for_all)
            for name, table in solvers.items()
        }
    return switched


def _switch(table: Any, for_it: str, for_all: str) -> Any:  # noqa: ANN401 - raw TOML
    if not isinstance(table, Mapping):
        return table
    kind = for_it or ("" if "kind" in table else for_all)
    return _only_keys_of(kind, table) if kind else table


def _only_keys_of(kind: object, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a table that a kind of teacher has; all of them if there is no such kind, which is an error later."""
    if not isinstance(kind, str) or kind not in TEACHERS:
        return dict(table)
    known = {*TEACHERS[kind].model_fields, *SolverSettings.model_fields}
    return {name: value for name, value in table.items() if name in known}


def kinds_with(name: str) -> list[str]:
    """Return the kinds of teachers that have a key."""
    return [kind for kind, settings in TEACHERS.items() if name in settings.model_fields]
