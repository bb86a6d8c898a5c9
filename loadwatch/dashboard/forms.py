"""The forms, each with its CSRF token."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, ValidationError

from loadwatch.adapters.catalogue import languages
from loadwatch.dashboard.speech import Lazy, lazy
from loadwatch.services.accounts import MIN_PASSWORD


@cache
def timezones() -> list[str]:
    """Names to choose from: UTC first, then by continent."""
    named = (
        z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    )
    return ["UTC", *sorted(named)]


class Fits:
    """Refuses what is shorter or longer than a field takes, in words of its own."""

    def __init__(self, message: Lazy, *, at_least: int = 0, at_most: int) -> None:
        self._message = message
        self._at_least = at_least
        self._at_most = at_most

    def __call__(self, _form: Any, field: Any) -> None:
        if not self._at_least <= len(field.data or "") <= self._at_most:
            raise ValidationError(self._message)  # type: ignore[arg-type, unused-ignore]  # said when it is shown


TOO_LONG = lazy("That is longer than this field takes.")
NEW_PASSWORD = Fits(lazy("A password has at least 10 characters."), at_least=MIN_PASSWORD, at_most=1000)
NAME = (DataRequired(lazy("A name to greet you with, please.")), Fits(TOO_LONG, at_most=100))
EMAIL = (DataRequired(lazy("Your e-mail address, please.")), Fits(TOO_LONG, at_most=254))


class LoginForm(FlaskForm):  # type: ignore[misc, unused-ignore]  # flask-wtf has no types
    email = EmailField(lazy("E-mail address"), EMAIL)
    password = PasswordField(
        lazy("Password"), [DataRequired(lazy("Your password, please.")), Fits(TOO_LONG, at_most=1000)]
    )


class SignupForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    name = StringField(lazy("Name"), NAME)
    email = EmailField(lazy("E-mail address"), EMAIL)
    password = PasswordField(lazy("Password"), [DataRequired(lazy("A password, please.")), NEW_PASSWORD])
    timezone = SelectField(lazy("Time zone"), choices=timezones, default="UTC")


_HOURS = [SelectChoice(str(hour), f"{hour}:00") for hour in range(24)]
_WEEKDAYS = [
    SelectChoice("1", lazy("Monday")),
    SelectChoice("2", lazy("Tuesday")),
    SelectChoice("3", lazy("Wednesday")),
    SelectChoice("4", lazy("Thursday")),
    SelectChoice("5", lazy("Friday")),
    SelectChoice("6", lazy("Saturday")),
    SelectChoice("7", lazy("Sunday")),
]


class PersonForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    name = StringField(lazy("Name"), NAME)
    email = EmailField(lazy("E-mail address for mails"), [Fits(TOO_LONG, at_most=254)])


class PlaceForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    language = SelectField(lazy("Language"), choices=lambda: [SelectChoice(*each) for each in languages().items()])
    units = RadioField(
        lazy("Units"),
        choices=[
            SelectChoice("metric", lazy("Kilometres and metres")),
            SelectChoice("imperial", lazy("Miles and feet")),
        ],
    )
    timezone = SelectField(lazy("Time zone"), choices=timezones)


class RunningForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    novice = BooleanField(lazy("I began running less than six months ago"))
    five_k = StringField(lazy("Your present 5 km time"), [Fits(TOO_LONG, at_most=8)])


class MailsForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    alert_mails = BooleanField(lazy("Mail me when a run was a jump in load"))
    ask_mails = BooleanField(lazy("Ask me by mail how it feels, on a morning after such a run"))
    weekly_mail = BooleanField(lazy("Mail me a summary of each week"))
    weekly_day = SelectField(lazy("It comes on"), choices=_WEEKDAYS, coerce=int)
    weekly_hour = SelectField(lazy("at"), choices=_HOURS, coerce=int)
    sensitivity = RadioField(
        lazy("How much to mail about load alone"),
        choices=[
            SelectChoice("quiet", lazy("Only large jumps")),
            SelectChoice("balanced", lazy("Moderate and large jumps")),
            SelectChoice("watchful", lazy("Small jumps too")),
        ],
    )
    quiet_from = SelectField(lazy("No mails from"), choices=_HOURS, coerce=int)
    quiet_to = SelectField(lazy("until"), choices=_HOURS, coerce=int)


class PasswordForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    email = EmailField(lazy("E-mail address to log in with"), [Fits(TOO_LONG, at_most=254)])
    old = PasswordField(lazy("Your present password"), [Fits(TOO_LONG, at_most=1000)])
    new = PasswordField(lazy("A new password"), [NEW_PASSWORD])
