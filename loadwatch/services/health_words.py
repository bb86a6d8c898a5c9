"""The codes of a check-in in a runner's words, for pages and command line alike."""

from collections.abc import Mapping
from typing import Final

from loadwatch.domain.ladder import VerdictKind
from loadwatch.domain.redflags import Urgency

SIDES: Final[Mapping[str, str]] = {
    "left": "left",
    "right": "right",
    "both_equal": "both, equally",
    "both_unequal": "both, one more than the other",
}

REGIONS: Final[Mapping[str, str]] = {
    "PP": "Sit bone and upper back of the thigh",
    "PM": "Back of the thigh, middle",
    "PD": "Back of the thigh, just above the knee",
    "AP": "Crease of the hip and upper front of the thigh",
    "AM": "Front of the thigh, middle",
    "AD": "Front of the thigh, just above the knee",
    "LT": "Outer side of the thigh",
    "LK": "Outer side of the knee",
    "MT": "Inner side of the thigh, groin",
    "DV": "Deep inside, or hard to say where",
    "BK": "Low back or buttock",
}

QUALITIES: Final[Mapping[str, str]] = {
    "tight": "tight",
    "ache": "a dull, deep ache",
    "sharp": "sharp",
    "burning": "burning",
    "tingling": "tingling",
    "numb": "numb",
    "weak": "weak",
    "cord": "like a tight cord or band",
    "cramp": "like a cramp",
    "below_knee": "it shoots or spreads below the knee",
    "inner_shin": "it spreads to the inner side of the shin",
}

ONSETS: Final[Mapping[str, str]] = {
    "sudden": "suddenly, at one moment of a run",
    "during": "bit by bit during a run",
    "delayed": "half a day to three days after a run",
    "gradual": "slowly, over days or weeks",
    "unrelated": "not connected with running",
}

AGGRAVATORS: Final[Mapping[str, str]] = {
    "sprint": "sprinting",
    "track": "running on the track",
    "uphill": "running uphill, or lifting the knee high",
    "downhill": "running downhill",
    "stairs_down": "going down stairs",
    "sitting": "sitting or driving",
    "bending": "bending forward",
    "stop_start": "stopping and starting",
    "knee_bend": "bending the knee a little under load",
    "hopping": "hopping, as far as you have noticed; do not try it",
    "standing": "standing or walking for long",
    "cough": "coughing or sneezing",
    "night_rest": "at night or at rest",
    "repeatable_distance": "it begins at about the same distance in each run",
    "warms_up": "it eases as I warm up and returns afterwards",
    "kick": "kicking",
    "belt": "a belt, or tight shorts",
    "footfall": "with every step I run",
    "one_leg_stand": "standing on that leg",
}

SIGNS: Final[Mapping[str, str]] = {
    "pop": "I felt or heard a pop or a tear",
    "bruise": "a bruise",
    "large_bruise": "a large bruise",
    "swelling": "swelling",
    "gap": "a gap or dent in the muscle",
    "limp": "I limp",
    "cannot_walk": "I cannot walk normally",
    "buckling": "the knee gives way",
    "warm": "it is warm to the touch",
    "dark_urine": "dark urine, like cola",
    "numb_saddle": "numb between the legs or around the genitals",
    "bladder": "new trouble with bladder or bowel",
    "fever": "fever",
    "both_legs": "back pain, and something in both legs",
    "spreading_weakness": "weakness that spreads or grows",
    "chest_pain": "pain in the chest",
    "breathless": "shortness of breath",
    "blow": "a blow to the thigh in the last weeks",
    "after_hard_session": "a hard, downhill or hot session, or heavy gym work, in the last four days",
    "tense": "the thigh feels hard and tense, like a full tyre",
    "calf_swelling": "one calf is swollen",
    "redness": "the skin there is red",
    "veins": "veins that stand out on one leg and did not before",
    "cold_foot": "a cold, pale or blue foot",
    "foot_drop": "the foot slaps down or drags",
    "lump_growing": "a lump that grows",
}
"""Offered on the form; further ones are asked for where they matter."""

URGENCIES: Final[Mapping[Urgency, str]] = {
    "emergency_now": "Now: emergency",
    "same_day": "Today",
    "within_72h": "Within one to three days",
    "this_week": "This week",
    "see_professional": "Soon",
}

RISKS: Final[Mapping[str, str]] = {
    "clot_before": "Have you ever had a blood clot in a leg or lung?",
    "pregnant": "Are you pregnant, or have you given birth in the last six weeks?",
    "hormones": "Do you take the pill or other hormones?",
    "blood_thinner": "Do you take a blood thinner?",
    "smoker": "Do you smoke?",
    "low_energy": "Do you often eat less than you need, or have you lost weight without meaning to?",
    "absent_periods": "If you have periods: have they stayed away for three months or more?",
    "stress_fracture_before": "Have you ever had a stress fracture?",
    "back_before": "Have you had trouble with your low back before?",
}

INJURIES: Final[Mapping[str, str]] = {
    "hamstring": "Hamstring (back of the thigh)",
    "sit_bone": "Hamstring tendon at the sit bone",
    "quad": "Quadriceps (front of the thigh)",
    "it_band": "IT band (outer knee)",
    "nerve": "A nerve of the leg or back",
    "adductor": "Adductors (inner thigh, groin)",
    "bone_stress": "Stress fracture, or bone stress",
}

UNREVIEWED: Final = "Not yet reviewed by a clinician."

DISCLAIMER: Final = (
    "loadwatch is not a medical device and names no illness. It compares your running and what you report with"
    " general research; it does not know your injury. Most injuries happen without a load warning, and most warnings"
    " are not followed by injury. No alert does not mean safe. Stop and seek care for the signs listed here; call"
    " your local emergency number for urgent ones. Under 18, pregnant, clot history or bone-health concerns: talk to"
    " a professional first. Exercises are general; stop if pain is sharp, above 5/10, or worse next morning."
)

AGREE: Final = (
    "It is general and does not know your body. Stop if pain is sharp, above 5 of 10, or worse the next morning."
)
"""Said before somebody agrees to be shown exercises, or steps on the ladder."""

GONE: Final = "Well done."
RESUME: Final = (
    "Take up your plan again step by step: length before hills, hills before speed, and the next runs within what is"
    " usual for you. Check in at the first sign of it."
)
"""Said of a problem that is gone."""

OPTIONS: Final = (
    "What a clinician may offer, with its evidence. Naming it recommends nothing: which of it fits is for whoever"
    " examines you to say."
)

VERDICTS: Final[Mapping[VerdictKind, str]] = {
    "clean": "clean",
    "hold": "stay on the level",
    "drop": "one level down",
    "overshoot": "more than the step",
    "unclear": "not counted",
    "waiting": "not yet known",
}
