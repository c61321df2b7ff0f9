"""Before the seeds are read: whether all that will be asked is there, so that what is missing is found in seconds."""

from collections import Counter
from collections.abc import Callable, Iterable

from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.learning import make_embedder
from kpmath_builder.recipe import Recipe
from kpmath_builder.stopping import Stop, run_apart

__all__ = ["check_servers", "unless_heard"]


def check_servers(recipe: Recipe, workspace: Workspace, notify: Callable[[str], None]) -> list[str]:
    """Check the servers of all roles that have never answered in this folder, and the embedding server if topics are to be clustered.

    A folder with tables is let pass: its build may need nobody. The first request checks again what it needs, perhaps hours later;
    returned are the sentences that the user has heard until then. A signal ends this at once, for nothing is paid for yet.

    Raises
    ------
    InputError
        When a server does not answer, or serves another model or too short a context, or vLLM is not installed.
    """
    heard: list[str] = []

    def tell(sentence: str) -> None:
        heard.append(sentence)
        notify(sentence)

    if not workspace.manifest.exists():
        run_apart(_check(recipe, workspace, tell))
    return heard


async def _check(recipe: Recipe, workspace: Workspace, notify: Callable[[str], None]) -> None:
    await Teachers(recipe, notify, answered=workspace.answered).preflight()
    if recipe.topics.embedding == "lexical" or workspace.is_learnt:
        return
    embedder = make_embedder(recipe.topics, notify, Stop())
    try:
        await embedder.check()
    finally:
        await embedder.close()


def unless_heard(notify: Callable[[str], None], heard: Iterable[str]) -> Callable[[str], None]:
    """Return `notify` without the sentences that the user has heard already, each as often as it was heard."""
    left = Counter(heard)

    def say(sentence: str) -> None:
        if left[sentence]:
            left[sentence] -= 1
        else:
            notify(sentence)

    return say
