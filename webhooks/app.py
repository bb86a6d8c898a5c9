"""
The webhook's Flask app: handshake and push.

Strava waits two seconds and tries three times. So an event is checked, stored and answered; nothing is
fetched here, and no broker is needed. 200 means that the event is durable, 503 that it is not.
"""

import hmac
import logging
from typing import Any

from flask import Flask, request
from sqlalchemy.exc import SQLAlchemyError

from loadwatch.services.inbox import InboxService
from loadwatch.settings import Settings
from webhooks.push_event import MAX_BODY_BYTES, MalformedPush, parse_push

log = logging.getLogger(__name__)

Answer = tuple[dict[str, Any] | str, int]


class _Hooks(Flask):
    def log_exception(self, exc_info: Any) -> None:
        """As Flask's, without the path: it is secret."""
        log.error("a push broke down", exc_info=exc_info)


def _body_of_unstated_length() -> bytes:
    """A chunked body, or as much of it as shows that it is too large."""
    try:
        return request.stream.read(MAX_BODY_BYTES + 1)
    except Exception as error:  # each web server has its own for chunks that are none
        raise MalformedPush("the body breaks off") from error


def create_app(settings: Settings, inbox: InboxService) -> Flask:
    """
    The app, to be mounted at /webhooks.

    Parameters
    ----------
    settings : Settings
        With its path secret and verify token set or derived (`ensure_secret_key`).
    """
    app = _Hooks(__name__)
    path_secret = settings.strava_webhook_secret.get_secret_value().encode()
    verify_token = settings.strava_verify_token.get_secret_value().encode()

    def is_ours(secret: str) -> bool:
        return bool(path_secret) and hmac.compare_digest(secret.encode(), path_secret)

    @app.get("/strava/<secret>")
    def handshake(secret: str) -> Answer:
        """Consent to a subscription that carries our verify token."""
        if not is_ours(secret):
            return "", 404
        challenge = request.args.get("hub.challenge", "")
        token = request.args.get("hub.verify_token", "").encode()
        if request.args.get("hub.mode") != "subscribe" or not challenge or len(challenge) > 256:
            return {"error": "this is Strava's callback: hub.mode=subscribe and hub.challenge are needed"}, 400
        if not verify_token or not hmac.compare_digest(token, verify_token):
            log.warning("a subscription handshake came with a wrong verify token")
            return {"error": "wrong verify token"}, 403
        return {"hub.challenge": challenge}, 200

    @app.post("/strava/<secret>")
    def push(secret: str) -> Answer:
        """Keep one event."""
        if not is_ours(secret):
            return "", 404
        try:
            body = _body_of_unstated_length() if request.content_length is None else b""
            if (request.content_length or len(body)) > MAX_BODY_BYTES:
                return {"error": f"no event is larger than {MAX_BODY_BYTES} bytes"}, 413
            event = parse_push(body or request.get_data())
        except MalformedPush as error:
            return {"error": str(error)}, 400
        try:
            receipt = inbox.record(event)
        except SQLAlchemyError as error:
            # The only answer that makes Strava try again.
            log.error("an event could not be stored (%s): Strava was asked to try again", type(error).__name__)
            return {"error": "not stored, try again"}, 503
        if receipt.dropped:
            log.warning("the quarantine is full for today, an event was dropped: %s", receipt.quarantined)
        elif receipt.quarantined:
            log.warning("an event was put in quarantine: %s", receipt.quarantined)
        return {"stored": receipt.inbox_id is not None}, 200

    return app
