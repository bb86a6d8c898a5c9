"""What a planned run would set off."""

from dataclasses import asdict
from http import HTTPStatus

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from werkzeug.exceptions import UnprocessableEntity

from loadwatch.api.models import CeilingsNow, EvidenceOut, ReasonOut
from loadwatch.bootstrap import Services
from loadwatch.domain.rules import EVIDENCE
from loadwatch.services.errors import LoadwatchError

Metres = Field(None, ge=0, le=1e6)


class PlannedBody(BaseModel):
    """A run that is thought of; what cannot be told stays out: the rules on it then stay silent."""

    model_config = ConfigDict(extra="forbid")

    distance_m: float = Field(gt=0, le=1e6)
    descent_m: float | None = Metres
    ascent_m: float | None = Metres
    fast_m: float | None = Metres
    start: AwareDatetime | None = Field(None, description="Now, if left out.")


class WouldSay(BaseModel):
    """What a rule would say of it."""

    rule: str
    rule_version: str
    load_level: int
    severity: int
    title: str
    message: str
    action: str
    reasons: list[ReasonOut]
    evidence: EvidenceOut
    coverage: list[str]


class WhatIfOut(BaseModel):
    """What the rules would say of a planned run, the most severe first, and what it may bring without a word."""

    findings: list[WouldSay]
    ceilings: CeilingsNow
    symptoms_decide: bool = Field(description="Something hurts: that decides, and the ceilings do not hold.")


def register(bp: APIBlueprint, services: Services) -> None:
    """Add the routes."""

    @bp.post("/what-if", summary="What a planned run would set off", responses={HTTPStatus.OK: WhatIfOut})
    def what_if(body: PlannedBody) -> Response:
        try:
            found = services.planning.what_if(g.athlete_id, **body.model_dump())
        except LoadwatchError as error:
            raise UnprocessableEntity(str(error)) from error
        said = [
            WouldSay(
                rule=finding.rule,
                rule_version=finding.rule_version,
                load_level=finding.load_level,
                severity=finding.severity,
                title=text.title,
                message=text.message,
                action=text.action,
                reasons=[ReasonOut(**asdict(reason)) for reason in finding.reasons],
                evidence=EvidenceOut(**asdict(EVIDENCE[finding.rule])),
                coverage=list(finding.coverage),
            )
            for finding, text in found.findings
        ]
        answer = WhatIfOut(
            findings=said,
            ceilings=CeilingsNow.of_all(found.ceilings),
            symptoms_decide=found.symptoms_decide,
        )
        return Response(answer.model_dump_json(), mimetype="application/json")
