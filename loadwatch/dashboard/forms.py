"""The forms, each with its CSRF token."""

from functools import cache
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from loadwatch.adapters.catalogue import languages
from loadwatch.services.accounts import MIN_PASSWORD


@cache
def timezones() -> list[str]:
    """Names to choose from: UTC first, then by continent."""
    named = (
        z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    )
    return ["UTC", *sorted(named)]


class LoginForm(FlaskForm):  # type: ignore[misc, unused-ignore]  # flask-wtf has no types
    email = EmailField("E-mail address", [DataRequired("Your e-mail address, please."), Length(max=254)])
    password = PasswordField("Password", [DataRequired("Your password, please."), Length(max=1000)])


class SignupForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    name = StringField("Name", [DataRequired("A name to greet you with, please."), Length(max=100)])
    email = EmailField("E-mail address", [DataRequired("Your e-mail address, please."), Length(max=254)])
    password = PasswordField(
        "Password",
        [
            DataRequired("A password, please."),
            Length(MIN_PASSWORD, 1000, f"A password has at least {MIN_PASSWORD} characters."),
        ],
    )
    timezone = SelectField("Time zone", choices=timezones, default="UTC")


_HOURS = [str(hour) for hour in range(24)]


class ProfileForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    name = StringField("Name", [DataRequired("A name to greet you with, please."), Length(max=100)])
    email = EmailField("E-mail address for mails", [Length(max=254)])
    timezone = SelectField("Time zone", choices=timezones)
    language = SelectField("Language", choices=lambda: list(languages().items()))
    units = RadioField("Units", choices=["metric", "imperial"])
    novice = BooleanField("I began running less than six months ago")
    five_k = StringField("Your present 5 km time", [Length(max=8)])
    alert_mails = BooleanField("Mail me when a run was a jump in load")
    weekly_mail = BooleanField("Mail me a summary of the week on Monday morning")
    sensitivity = RadioField("How much to mail about load alone", choices=["quiet", "balanced", "watchful"])
    quiet_from = SelectField("No mails from this hour on", choices=_HOURS, coerce=int)
    quiet_to = SelectField("until this hour", choices=_HOURS, coerce=int)
