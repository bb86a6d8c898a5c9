"""The language of the one who reads: from their profile, before the log-in from their browser."""

from collections.abc import Iterable
from typing import Any, cast

from flask import Flask, g, has_request_context, request
from flask_login import current_user
from jinja2 import pass_context, pass_eval_context
from jinja2.filters import do_join
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup, escape

from loadwatch.adapters.catalogue import SOURCE, languages, speech, translations
from loadwatch.dashboard.current import profile
from loadwatch.domain.text import Speech, Text, Units, one_stop, render


def language() -> str:
    """The code of the language of this request, "en" outside of one."""
    if not has_request_context():
        return SOURCE
    if "language" not in g:
        g.language = profile().language if current_user.is_authenticated else of_browser()
    return str(g.language)


def of_browser() -> str:
    """The best of our languages by what the browser asks for."""
    return request.accept_languages.best_match(list(languages()), SOURCE) or SOURCE


def settle() -> None:
    """Fix language and units without asking the database: for pages of faults, where it may be what is broken."""
    if "language" not in g:
        g.language = of_browser()


def units() -> Units:
    """The units of this request: those of the profile, metric before the log-in and outside of a request."""
    if not has_request_context():
        return "metric"
    if "units" not in g:
        g.units = profile().units if current_user.is_authenticated else "metric"
    return cast("Units", g.units)


def reader() -> Speech:
    """The language and the units of whoever reads."""
    return speech(language(), units())


def said(words: Any) -> Any:
    """A text in the reader's language and units; a `lazy` constant in the language; all else as it is."""
    if isinstance(words, Text):
        return render(words, reader())
    return str(words) if isinstance(words, Lazy) else words


def gettext(message: str) -> str:
    """The message in the reader's language."""
    return translations(language()).gettext(message) if message else ""


def ngettext(one: str, many: str, n: int) -> str:
    """The message for so many, in the reader's language; its placeholders are not filled in yet."""
    return translations(language()).ngettext(one, many, n)


def _(message: str, **values: Any) -> str:
    """The message in the reader's language with its `%(name)s` filled in."""
    values = _said_values(values)
    return one_stop(gettext(message) % values, values.values()) if values else gettext(message)


def _said_values(values: dict[str, Any]) -> dict[str, Any]:
    return {name: said(value) for name, value in values.items()}


class Lazy:
    """A message of a constant: said in the language of whoever reads it, when it is put out."""

    def __init__(self, message: str) -> None:
        self.message = message

    def __str__(self) -> str:
        return gettext(self.message)

    def __html__(self) -> Markup:
        return escape(str(self))


def lazy(message: str) -> Lazy:
    """Mark a constant's message for the catalogues."""
    return Lazy(message)


def register(app: Flask) -> None:
    """Teach the templates `_`, `ngettext` and `{% trans %}`, and to say whatever text is put out."""
    env = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    for name in ("gettext", "ngettext"):
        env.globals[name] = _saying(env.globals[name])
    env.globals["_"] = env.globals["gettext"]
    env.globals["language"] = language
    env.filters["join"] = _join
    env.filters["said"] = said
    env.finalize = said


def _saying(translated: Any) -> Any:
    """A function of the templates to which texts are given as they are said."""

    @pass_context
    def say_values(context: Context, *args: Any, **values: Any) -> Any:
        values = _said_values(values)
        return one_stop(translated(context, *args, **values), values.values())

    return say_values


@pass_eval_context
def _join(context: EvalContext, words: Iterable[Any], between: str = "", attribute: str | int | None = None) -> Any:
    """Jinja's own, of texts as they are said."""
    if attribute is not None:
        return do_join(context, words, between, attribute)
    return do_join(context, [said(word) for word in words], between)
