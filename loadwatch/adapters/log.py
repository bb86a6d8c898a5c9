"""One log line an event, on standard error; secrets never in it."""

import logging
import re
import sys

import structlog

_SECRETS = re.compile(
    # A name with what stands between it and its value, be it JSON, a dict, a pair, or one of those once more quoted.
    r"((?:access_token|refresh_token|client_secret|verify_token|code|password|Authorization)"
    r"\\*['\"]?(?:\s*[=:]\s*|,\s*(?=\\*['\"]))\\*['\"]?(?:(?:Bearer|Basic) )?"
    # A token without its header's name, and the password in an address.
    r"|\bBearer |://[^\s/:@]*:(?=[^\s/@]+@))[^\s&'\",}\\]+",
    re.IGNORECASE,
)
_SECRET_PATH = re.compile(r"(/webhooks/strava/|/r/)[^\s/?\"']+")
"""Of these addresses the next part is a secret: whoever has it may send events, or answer for a runner."""


def without_secrets(text: str) -> str:
    """The text with the values of tokens, secrets and secret parts of paths replaced."""
    return _SECRET_PATH.sub(r"\1***", _SECRETS.sub(r"\1***", text))


class _Masked(logging.Formatter):
    """Masks the finished line, tracebacks and arguments included, whatever library wrote it."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(self._inner.format(record))


def set_up(level: str = "INFO") -> None:
    """Send every logger of the process through one masked handler."""
    renderer = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "logger", "event"]),
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Masked(renderer))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These narrate each request with its address.
    for chatty in ("stravalib", "urllib3", "celery.beat", "kombu", "authlib", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
