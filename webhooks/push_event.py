"""Strava's JSON -> PushEvent. The body is unauthenticated: every field is checked before it is kept."""

import json
from typing import Any, Literal

from loadwatch.services.ports import PushEvent

MAX_BODY_BYTES = 4096
_MAX_ID = 2**63 - 1


class MalformedPush(ValueError):
    """The body is no event; the message says which part."""


def parse_push(body: bytes) -> PushEvent:
    """
    Read one event.

    Raises
    ------
    MalformedPush
        If it is not JSON, or a field is missing, of another type or outside what Strava documents.
    """
    try:
        raw = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedPush("the body is not JSON") from error
    if not isinstance(raw, dict):
        raise MalformedPush("the body is not an object")
    return PushEvent(
        object_type=_object_type(raw.get("object_type")),
        object_id=_id(raw, "object_id"),
        aspect=_aspect(raw.get("aspect_type")),
        owner_id=_id(raw, "owner_id"),
        subscription_id=_id(raw, "subscription_id"),
        event_time=_id(raw, "event_time"),
        updates=_updates(raw.get("updates")),
        canonical_body=json.dumps(raw, sort_keys=True, separators=(",", ":")),
    )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _object_type(value: Any) -> Literal["activity", "athlete"]:
    if value == "activity":
        return "activity"
    if value == "athlete":
        return "athlete"
    raise MalformedPush("object_type is neither activity nor athlete")


def _aspect(value: Any) -> Literal["create", "update", "delete"]:
    if value == "create":
        return "create"
    if value == "update":
        return "update"
    if value == "delete":
        return "delete"
    raise MalformedPush("aspect_type is none of create, update and delete")


def _id(raw: dict[str, Any], name: str) -> int:
    value = raw.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_ID:
        raise MalformedPush(f"{name} is not a whole number from 0 to 2^63 - 1")
    return value


def _updates(value: Any) -> dict[str, str]:
    if value is None:  # some bodies have none
        return {}
    if not isinstance(value, dict):
        raise MalformedPush("updates is not an object")
    return {str(k): str(v) for k, v in value.items()}
