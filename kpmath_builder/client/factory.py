"""How a recipe's table `kind = "openai"` becomes a teacher."""

import os

from kpmath_builder.client.addresses import unused_key
from kpmath_builder.client.teacher import OpenAITeacher
from kpmath_builder.protocol import TeacherContext
from kpmath_builder.recipe import ServerSettings

__all__ = ["make_teacher"]


def make_teacher(settings: ServerSettings, context: TeacherContext) -> OpenAITeacher:
    """Return the teacher that a recipe's table describes; raises as `OpenAITeacher` does."""
    key = os.environ.get(settings.api_key_env)
    for note in unused_key(settings.addresses, key, settings.api_key_env):
        context.notify(note)
    return OpenAITeacher(
        settings.model_name,
        settings.addresses,
        api_key=key,
        in_flight=settings.in_flight,
        least_in_flight=settings.least_in_flight,
        samples_per_request=settings.samples_per_request,
        patience=settings.patience,
        longest_reply=context.longest_reply,
        extras=context.extras,
        patterns=context.patterns,
        revision=settings.revision or "",
        parameters=settings.parameters,
        structured_outputs=settings.structured_outputs,
        requests_per_minute=settings.requests_per_minute,
        tokens_per_minute=settings.tokens_per_minute,
        notify=context.notify,
        stop=context.stop,
    )
