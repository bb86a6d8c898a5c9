"""The language of the one who reads: from their profile, before the log-in from their browser."""

from typing import Any

from flask import Flask, g, has_request_context, request
from flask_login import current_user
from markupsafe import Markup, escape

from loadwatch.adapters.catalogue import SOURCE, languages, translations
from loadwatch.dashboard.current import profile


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
    """Fix the language without asking the database: for pages of faults, where it may be what is broken."""
    if "language" not in g:
        g.language = of_browser()


def gettext(message: str) -> str:
    """The message in the reader's language."""
    return translations(language()).gettext(message) if message else ""


def ngettext(one: str, many: str, n: int) -> str:
    """The message for so many, in the reader's language; its placeholders are not filled in yet."""
    return translations(language()).ngettext(one, many, n)


def _(message: str, **values: Any) -> str:
    """The message in the reader's language with its `%(name)s` filled in."""
    return gettext(message) % values if values else gettext(message)


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
    """Teach the templates `_`, `ngettext` and `{% trans %}`."""
    env = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals["language"] = language
