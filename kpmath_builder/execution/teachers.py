"""Which teacher plays which role or is which solver: made from the recipe, checked before the first request, shared if settings agree."""

import asyncio
import os
import socket
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from kpmath_builder.engine.factory import Engines
from kpmath_builder.engine.weights import check_weights
from kpmath_builder.execution.run_record import note_run
from kpmath_builder.prompts import Prompts
from kpmath_builder.protocol import ROLE_OF, Role, Task, Teacher, TeacherContext, canonical_json
from kpmath_builder.recipe import (
    Player,
    Recipe,
    ServerSettings,
    SymbolicSettings,
    TeacherSettings,
    VllmSettings,
)
from kpmath_builder.records import Tokens
from kpmath_builder.stopping import Stop

__all__ = ["Teachers"]


def _nobody(_: Collection[Task]) -> Collection[Role]:
    return ()


class Teachers:
    """The teachers of a build; `async with Teachers(recipe, notify) as teachers: …`.

    When the first request has to be sent, all roles that have never answered in this folder are checked at once with the
    one that is asked: a missing judge is found before anything is paid for. A role that has answered before is checked
    when it is first asked, so that a server whose answers are all in the log need not run.

    Parameters
    ----------
    recipe
        Its tables `[teacher]`, `[roles.…]` and `[[solvers]]`.
    notify
        Reports a sentence to the user.
    stop
        Once it is asked for, no teacher sends anything.
    answered
        Returns the roles that have answered one of some tasks in this folder before; called once, before the first request.
    """

    def __init__(
        self,
        recipe: Recipe,
        notify: Callable[[str], None],
        stop: Stop | None = None,
        answered: Callable[[Collection[Task]], Collection[Role]] = _nobody,
    ) -> None:
        self._recipe = recipe
        self._settings = recipe.teachers
        self._server = {player: settings.server for player, settings in self._settings.items()}
        self._folder = recipe.build.folder / "engine"
        self._own = [settings for settings in self._settings.values() if isinstance(settings, VllmSettings)]
        self._engines = Engines(self._folder, self._own)
        self._notify = notify
        self._stop = stop or Stop()
        self._answered = answered
        self._teachers: dict[str, asyncio.Task[Teacher]] = {}
        self._spent: dict[str, Tokens] = defaultdict(Tokens)
        self._first_check: asyncio.Future[Any] | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(check_weights, self._folder, self._own)
        await self._engines.end_orphans(self._notify)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        closing = asyncio.create_task(self._close())
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await closing  # a grace that ends meanwhile may not leave an engine behind
            raise

    async def _close(self) -> None:
        for starting in self._teachers.values():
            starting.cancel()  # one that still starts its server stops it
        await asyncio.gather(*self._teachers.values(), return_exceptions=True)
        ready = dict(self._ready())
        await asyncio.gather(*(teacher.close() for teacher in ready.values()))
        note_run(self._folder, [self._record(server, teacher) for server, teacher in ready.items()])

    async def preflight(self) -> None:
        """Check the servers of the roles that have never answered in this folder, and let go of them again.

        Servers of our own are not started for that; it is checked that they could be.

        Raises
        ------
        InputError
            As `teacher` does.
        """
        different = {self._server[player]: self._settings[player] for player in self._unproven()}
        await asyncio.gather(*map(self._look_at, different.values()))

    def _unproven(self) -> set[str]:
        """Return who has never answered; of several solvers the log does not say which one did."""
        answered = self._answered(self._recipe.tasks_in_play)
        return {player.name for player in self._recipe.players if player.role not in answered}

    async def _look_at(self, settings: TeacherSettings) -> None:
        if isinstance(settings, VllmSettings):
            from kpmath_builder.engine.installed import check_installed

            await check_installed(settings)
            return
        teacher = await self._start(settings)
        await teacher.close()

    def spend(self, player: str, tokens: Tokens) -> None:
        """Note what answers of a role, or of one of several solvers, have cost."""
        self._spent[self._server[player]] += tokens

    def _record(self, server: str, teacher: Teacher) -> dict[str, Any]:
        record = teacher.record()
        if record is None:
            return {}
        settings = next(its for its in self._settings.values() if its.server == server)
        spent = self._spent[server]
        cost = settings.cost(spent)
        priced = {} if cost is None else {"cost": round(cost, 6)}
        return {**record, "written_tokens": spent.completion, **priced}

    def load(self) -> str:
        """Return what the servers do at this moment, for the progress display; "" if none says it."""
        loads = [(teacher.model, load) for _, teacher in self._ready() if (load := teacher.load())]
        return "; ".join(f"{model}: {load}" if len(loads) > 1 else load for model, load in loads)

    async def teacher(self, player: str) -> Teacher:
        """Return the teacher of a role, or one of several solvers, by the names of `Recipe.players`.

        Raises
        ------
        InputError
            If its server does not answer or does not know the model; before the first request also if that holds for
            another role that has never answered.
        """
        if self._first_check is None:
            self._first_check = asyncio.gather(*map(self._teacher, {player, *self._unproven()}))
        if not self._first_check.done() or self._first_check.exception():
            await asyncio.shield(self._first_check)
        return await self._teacher(player)

    async def _teacher(self, player: str) -> Teacher:
        server = self._server[player]
        if server not in self._teachers:
            self._teachers[server] = asyncio.create_task(self._start(self._settings[player]))
        return await asyncio.shield(self._teachers[server])

    def _ready(self) -> Iterator[tuple[str, Teacher]]:
        for server, starting in self._teachers.items():
            if starting.done() and not starting.cancelled() and starting.exception() is None:
                yield server, starting.result()

    async def _start(self, settings: TeacherSettings) -> Teacher:
        teacher = self._make(settings)
        try:
            await teacher.check()
        except BaseException:
            await teacher.close()
            raise
        return teacher

    def _make(self, settings: TeacherSettings) -> Teacher:
        context = self._context(settings)
        # The libraries of a client are slow to import, and not every build needs them.
        match settings:
            case SymbolicSettings():
                from kpmath_builder import symbolic

                return symbolic.make_teacher(settings, context)
            case ServerSettings():
                from kpmath_builder.client.factory import make_teacher

                return make_teacher(settings, context)
            case VllmSettings():
                return self._engines.make_teacher(settings, context)
        raise AssertionError(f"no room makes a teacher of {type(settings).__name__}")

    def _context(self, settings: TeacherSettings) -> TeacherContext:
        played = [player for player in self._recipe.players if player.settings.server == settings.server]
        return TeacherContext(
            logs=self._folder / f"{socket.gethostname()}-{os.getpid()}",
            notify=self._notify,
            stop=self._stop,
            longest_reply=max(player.sampling.max_tokens for player in played),
            extras=_distinct(fields for player in played for fields in self._request_fields(player)),
            patterns=self._patterns({player.role for player in played}),
        )

    def _patterns(self, roles: Collection[Role]) -> list[str]:
        """Return the regular expressions to which replies of some roles are held."""
        patterns = Prompts.of(self._recipe).patterns
        asked = self._recipe.tasks_in_play
        return [patterns[task] for task in asked if task in patterns and ROLE_OF[task] in roles]

    def _request_fields(self, player: Player) -> Iterator[Mapping[str, Any]]:
        """Yield the further fields of the requests of one who is asked: a judge's verdict may have more than its work."""
        yield player.settings.request_fields
        if player.role == "judge":
            yield {**player.settings.request_fields, **self._recipe.judging.request_fields}


def _distinct(extras: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({canonical_json(extra): extra for extra in extras}.values())
