"""The codes of a check-in in a runner's words, for pages and command line alike."""

from collections.abc import Mapping
from typing import Final

from loadwatch.domain.ladder import VerdictKind
from loadwatch.domain.redflags import Urgency
from loadwatch.domain.sources import UNREVIEWED as UNREVIEWED
from loadwatch.domain.symptoms import Problem
from loadwatch.domain.text import Text, joined, say

SIDES: Final[Mapping[str, Text]] = {
    "left": say("left"),
    "right": say("right"),
    "both_equal": say("both, equally"),
    "both_unequal": say("both, one more than the other"),
}

REGIONS: Final[Mapping[str, Text]] = {
    "PP": say("Sit bone and upper back of the thigh"),
    "PM": say("Back of the thigh, middle"),
    "PD": say("Back of the thigh, just above the knee"),
    "AP": say("Crease of the hip and upper front of the thigh"),
    "AM": say("Front of the thigh, middle"),
    "AD": say("Front of the thigh, just above the knee"),
    "LT": say("Outer side of the thigh"),
    "LK": say("Outer side of the knee"),
    "MT": say("Inner side of the thigh, groin"),
    "DV": say("Deep inside, or hard to say where"),
    "BK": say("Low back or buttock"),
}

QUALITIES: Final[Mapping[str, Text]] = {
    "tight": say("tight"),
    "ache": say("a dull, deep ache"),
    "sharp": say("sharp"),
    "burning": say("burning"),
    "tingling": say("tingling"),
    "numb": say("numb"),
    "weak": say("weak"),
    "cord": say("like a tight cord or band"),
    "cramp": say("like a cramp"),
    "below_knee": say("it shoots or spreads below the knee"),
    "inner_shin": say("it spreads to the inner side of the shin"),
}

ONSETS: Final[Mapping[str, Text]] = {
    "sudden": say("suddenly, at one moment of a run"),
    "during": say("bit by bit during a run"),
    "delayed": say("half a day to three days after a run"),
    "gradual": say("slowly, over days or weeks"),
    "unrelated": say("not connected with running"),
}

AGGRAVATORS: Final[Mapping[str, Text]] = {
    "sprint": say("sprinting"),
    "track": say("running on the track"),
    "uphill": say("running uphill, or lifting the knee high"),
    "downhill": say("running downhill"),
    "stairs_down": say("going down stairs"),
    "sitting": say("sitting or driving"),
    "bending": say("bending forward"),
    "stop_start": say("stopping and starting"),
    "knee_bend": say("bending the knee a little under load"),
    "hopping": say("hopping, as far as you have noticed; do not try it"),
    "standing": say("standing or walking for long"),
    "cough": say("coughing or sneezing"),
    "night_rest": say("at night or at rest"),
    "repeatable_distance": say("it begins at about the same distance in each run"),
    "warms_up": say("it eases as I warm up and returns afterwards"),
    "kick": say("kicking"),
    "belt": say("a belt, or tight shorts"),
    "footfall": say("with every step I run"),
    "one_leg_stand": say("standing on that leg"),
}

SIGNS: Final[Mapping[str, Text]] = {
    "pop": say("I felt or heard a pop or a tear"),
    "bruise": say("a bruise"),
    "large_bruise": say("a large bruise"),
    "swelling": say("swelling"),
    "gap": say("a gap or dent in the muscle"),
    "limp": say("I limp"),
    "cannot_walk": say("I cannot walk normally"),
    "buckling": say("the knee gives way"),
    "warm": say("it is warm to the touch"),
    "dark_urine": say("dark urine, like cola"),
    "numb_saddle": say("numb between the legs or around the genitals"),
    "bladder": say("new trouble with bladder or bowel"),
    "fever": say("fever"),
    "both_legs": say("back pain, and something in both legs"),
    "spreading_weakness": say("weakness that spreads or grows"),
    "chest_pain": say("pain in the chest"),
    "breathless": say("shortness of breath"),
    "blow": say("a blow to the thigh in the last weeks"),
    "after_hard_session": say("a hard, downhill or hot session, or heavy gym work, in the last four days"),
    "tense": say("the thigh feels hard and tense, like a full tyre"),
    "calf_swelling": say("one calf is swollen"),
    "redness": say("the skin there is red"),
    "veins": say("veins that stand out on one leg and did not before"),
    "cold_foot": say("a cold, pale or blue foot"),
    "foot_drop": say("the foot slaps down or drags"),
    "lump_growing": say("a lump that grows"),
}
"""Offered on the form; further ones are asked for where they matter."""

URGENCIES: Final[Mapping[Urgency, Text]] = {
    "emergency_now": say("Now: emergency"),
    "same_day": say("Today"),
    "within_72h": say("Within one to three days"),
    "this_week": say("This week"),
    "see_professional": say("Soon"),
}

RISKS: Final[Mapping[str, Text]] = {
    "clot_before": say("Have you ever had a blood clot in a leg or lung?"),
    "pregnant": say("Are you pregnant, or have you given birth in the last six weeks?"),
    "hormones": say("Do you take the pill or other hormones?"),
    "blood_thinner": say("Do you take a blood thinner?"),
    "smoker": say("Do you smoke?"),
    "low_energy": say("Do you often eat less than you need, or have you lost weight without meaning to?"),
    "absent_periods": say("If you have periods: have they stayed away for three months or more?"),
    "stress_fracture_before": say("Have you ever had a stress fracture?"),
    "back_before": say("Have you had trouble with your low back before?"),
}

INJURIES: Final[Mapping[str, Text]] = {
    "hamstring": say("Hamstring (back of the thigh)"),
    "sit_bone": say("Hamstring tendon at the sit bone"),
    "quad": say("Quadriceps (front of the thigh)"),
    "it_band": say("IT band (outer knee)"),
    "nerve": say("A nerve of the leg or back"),
    "adductor": say("Adductors (inner thigh, groin)"),
    "bone_stress": say("Stress fracture, or bone stress"),
}

DISCLAIMER: Final = say(
    "loadwatch is not a medical device and names no illness. It compares your running and what you report with"
    " general research; it does not know your injury. Most injuries happen without a load warning, and most warnings"
    " are not followed by injury. No alert does not mean safe. Stop and seek care for the signs listed here; call"
    " your local emergency number for urgent ones. Under 18, pregnant, clot history or bone-health concerns: talk to"
    " a professional first. Exercises are general; stop if pain is sharp, above 5/10, or worse next morning."
)

AGREE: Final = say(
    "It is general and does not know your body. Stop if pain is sharp, above 5 of 10, or worse the next morning."
)
"""Said before somebody agrees to be shown exercises, or steps on the ladder."""

GONE: Final = say("Well done.")
RESUME: Final = say(
    "Take up your plan again step by step: length before hills, hills before speed, and the next runs within what is"
    " usual for you. Check in at the first sign of it."
)
"""Said of a problem that is gone."""

OPTIONS: Final = say(
    "What a clinician may offer, with its evidence. Naming it recommends nothing: which of it fits is for whoever"
    " examines you to say."
)

VERDICTS: Final[Mapping[VerdictKind, Text]] = {
    "clean": say("clean"),
    "hold": say("stay on the level"),
    "drop": say("one level down"),
    "overshoot": say("more than the step"),
    "unclear": say("not counted"),
    "waiting": say("not yet known"),
}


def place_text(problem: Problem) -> Text:
    """The side and the places of a problem: "Left: Back of the thigh, middle"."""
    places = joined("; ", (REGIONS[region] for region in sorted(problem.regions))) or say("no place told")
    match problem.laterality:
        case "left":
            return say("Left: {places}", places=places)
        case "right":
            return say("Right: {places}", places=places)
        case "both":
            return say("Both sides: {places}", places=places)
        case None:
            return say("Side not told: {places}", places=places)
