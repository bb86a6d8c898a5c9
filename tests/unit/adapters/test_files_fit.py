"""FIT files as watches write them: whole, in parts, chained, damaged, and those that hold no activity."""

from datetime import UTC, datetime

import numpy as np
import pytest

from loadwatch.adapters.files import UnreadableFile, fit, read_recordings
from tests.support.fit_writer import checksum, fit_file, fit_time, message, messages, run_fit

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
T0 = fit_time(START)


def one(data):
    (found,) = read_recordings(data, "upload.fit")
    return found


def why(data):
    with pytest.raises(UnreadableFile) as caught:
        read_recordings(data, "upload.fit")
    return str(caught.value)


def records(*rows):
    return messages("record", rows)


def session(first, last, sport=1, **more):
    totals = {"timestamp": T0 + last, "start_time": T0 + first, "sport": sport, "sub_sport": 0, **more}
    return message("session", **totals)


FILE_ID = message("file_id", type=4, manufacturer=1, product=2691)


def test_a_whole_run():
    found = one(run_fit(61, START))

    assert (found.sport, found.start, found.device) == ("Run", START, "garmin fr935")
    assert (found.elapsed_s, found.timed, found.notes) == (60, True, ())
    assert (found.reported_distance_m, found.reported_ascent_m, found.reported_descent_m) == (180, 59, 0)
    streams = found.streams
    assert streams.time_s.tolist() == list(range(61))
    ends = {
        "distance_m": 180,
        "latitude_deg": 52.5 + 180 / 111_194.93,
        "longitude_deg": 13.4,
        "altitude_m": 51,
        "speed_m_s": 3,
        "heartrate_bpm": 140,
        "cadence_rpm": 85,
    }
    assert {name: getattr(streams, name)[-1] for name in ends} == pytest.approx(ends, abs=1e-7)


def test_older_fields_stand_in_for_the_finer_ones():
    data = fit_file(
        FILE_ID,
        records({"timestamp": T0, "altitude": 2500, "speed": 2000}),
        records({"timestamp": T0 + 1, "enhanced_altitude": 2600, "enhanced_speed": 2500}),
    )

    streams = one(data).streams

    assert streams.altitude_m is not None
    assert streams.speed_m_s is not None
    assert streams.altitude_m.tolist() == [0, 20]
    assert streams.speed_m_s.tolist() == [2, 2.5]


@pytest.mark.parametrize(
    ("sport", "sub_sport", "word"),
    [
        (1, 0, "Run"),
        (1, 4, "Run"),
        (1, 3, "TrailRun"),
        (1, 1, "VirtualRun"),
        (1, 45, "VirtualRun"),
        (1, 58, "VirtualRun"),
        (2, 0, "Ride"),
        (11, 0, "Walk"),
        (17, 0, "Hike"),
        (5, 18, "Swim"),
        (3, 0, "Workout"),
        (0, 0, "Unknown"),
        (255, 255, "Unknown"),
    ],
)
def test_a_sport_is_given_in_stravas_words(sport, sub_sport, word):
    assert one(run_fit(3, START, sport=sport, sub_sport=sub_sport)).sport == word


def test_without_a_session_the_sport_message_names_the_sport():
    rows = records({"timestamp": T0, "heart_rate": 99}, {"timestamp": T0 + 1, "heart_rate": 99})

    found = one(fit_file(FILE_ID, message("sport", sport=1, sub_sport=3), rows))

    assert (found.sport, found.reported_distance_m) == ("TrailRun", None)


@pytest.mark.parametrize(
    ("sensors", "told"),
    [([0, 3, 4], True), ([4], True), ([0, 3, 10], False), ([10], None), ([], None)],
)
def test_a_barometer_shows_in_the_list_of_sensors_built_in(sensors, told):
    listed = [message("device_info", timestamp=T0, device_type=s, source_type=5) for s in sensors]

    assert one(run_fit(3, START, parts=listed)).has_barometer is told


def test_a_sensor_worn_elsewhere_proves_nothing():
    """In ANT+, 4 is no barometer."""
    listed = [message("device_info", timestamp=T0, device_type=4, source_type=1)]

    assert one(run_fit(3, START, parts=listed)).has_barometer is None


# several activities


def multisport(distances):
    rows = [{"timestamp": T0 + i, "distance": 100 * d} for i, d in enumerate(distances)]
    return fit_file(FILE_ID, records(*rows), session(0, 3, sport=2), session(3, 5, sport=1, total_distance=1000))


def test_sessions_split_a_multisport_file_at_their_starts():
    ride, run = read_recordings(multisport([0, 10, 20, 0, 5, 10]), "x")

    assert (ride.sport, run.sport) == ("Ride", "Run")
    assert (len(ride.streams), len(run.streams)) == (3, 3)
    assert run.start == datetime(2026, 11, 1, 8, 0, 3, tzinfo=UTC)
    assert run.reported_distance_m == 10


@pytest.mark.parametrize("distances", [[0, 10, 20, 0, 5, 10], [0, 10, 20, 20, 25, 30]])
def test_distance_begins_anew_with_each_session_also_where_the_watch_counts_on(distances):
    _, run = read_recordings(multisport(distances), "x")

    assert run.streams.distance_m is not None
    assert run.streams.distance_m.tolist() == [0, 5, 10]


def test_a_session_without_samples_is_named_in_a_note():
    rows = records({"timestamp": T0, "distance": 0}, {"timestamp": T0 + 1, "distance": 300})

    found = one(fit_file(FILE_ID, rows, session(0, 2), session(100, 200, sport=5)))

    assert (found.sport, found.notes) == ("Run", ("a part without samples left out: swimming",))


def test_chained_files_are_read_whole():
    first, second = run_fit(5, START), run_fit(7, datetime(2026, 11, 1, 18, tzinfo=UTC), sport=2)

    found = read_recordings(first + second, "x")

    assert [(r.sport, len(r.streams)) for r in found] == [("Run", 5), ("Ride", 7)]


def test_a_file_chained_to_itself_is_one_run():
    assert one(run_fit(5, START) * 2).elapsed_s == 4


# samples


def test_position_and_distance_written_apart_are_one_sample():
    """As Strava's own app writes them."""
    rows = []
    for i in range(3):
        rows.append(records({"timestamp": T0 + i, "position_lat": 2**29, "position_long": 1}))
        rows.append(records({"timestamp": T0 + i, "distance": 300 * i}))
    streams = one(fit_file(FILE_ID, *rows)).streams

    assert streams.time_s.tolist() == [0, 1, 2]
    assert streams.distance_m is not None
    assert streams.latitude_deg is not None
    assert streams.distance_m.tolist() == [0, 3, 6]
    assert streams.latitude_deg.tolist() == [45, 45, 45]


def test_a_watch_that_counts_seconds_since_it_was_switched_on_knows_no_day():
    rows = records({"timestamp": 1000, "heart_rate": 99}, {"timestamp": 1005, "heart_rate": 99})

    found = one(fit_file(FILE_ID, rows))

    assert (found.start, found.elapsed_s, found.timed) == (None, 5, True)


def test_what_the_sensor_called_invalid_is_missing():
    rows = records(
        {"timestamp": T0, "distance": 0, "heart_rate": 255, "altitude": 0xFFFF},
        {"timestamp": T0 + 1, "distance": 2**32 - 1, "heart_rate": 120, "altitude": 0xFFFF},
    )
    streams = one(fit_file(FILE_ID, rows)).streams

    assert streams.distance_m is not None
    assert streams.heartrate_bpm is not None
    assert np.isnan(streams.distance_m).tolist() == [False, True]
    assert np.isnan(streams.heartrate_bpm).tolist() == [True, False]
    assert streams.altitude_m is None


# damage


def test_of_a_file_cut_off_is_used_what_stands_before():
    whole = run_fit(100, START)
    found = one(whole[: len(whole) // 2])

    assert 40 < len(found.streams) < 60
    assert found.streams.distance_m is not None
    assert found.streams.distance_m.tolist() == [3 * i for i in range(len(found.streams))]
    assert found.notes == ("the file is damaged or cut off: only what stands before that was read",)


def test_a_wrong_checksum_is_told():
    data = run_fit(10, START)
    found = one(data[:-1] + bytes([data[-1] ^ 0xFF]))

    assert len(found.streams) == 10
    assert found.notes == ("the checksum is wrong: some values may be damaged",)


def test_an_old_header_without_a_checksum_is_no_damage():
    body = run_fit(10, START)
    changed = body[:12] + b"\0\0" + body[14:-2]
    found = one(changed + checksum(changed).to_bytes(2, "little"))

    assert (len(found.streams), found.notes) == (10, ())


def test_both_decoders_read_the_same():
    whole = run_fit(50, START, parts=[message("device_info", timestamp=T0, device_type=4, source_type=5)])
    quick, slow = one(whole), one(whole + whole[:20])  # a second header without a file behind it

    assert slow.notes
    assert (quick.sport, quick.start, quick.device, quick.has_barometer) == (
        slow.sport,
        slow.start,
        slow.device,
        slow.has_barometer,
    )
    for channel in ("time_s", "distance_m", "latitude_deg", "longitude_deg", "altitude_m", "speed_m_s"):
        np.testing.assert_allclose(getattr(quick.streams, channel), getattr(slow.streams, channel), rtol=1e-12)


# no activity


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (fit_file(message("file_id", type=2, manufacturer=1)), "a FIT file of settings, no activity"),
        (fit_file(message("file_id", type=5, manufacturer=1)), "a planned workout"),
        (fit_file(FILE_ID), "without samples"),
        (fit_file(), "without samples"),
        (run_fit(0, START), "without samples"),
        (run_fit(1, START), "less than two samples"),
        (run_fit(10, START)[:14], "damaged or cut off before its first sample"),
        (b"\x0e\x20\x54\x08\xff\xff\xff\xff.FIT", "damaged or cut off before its first sample"),
    ],
)
def test_what_holds_no_activity_is_named(data, said):
    assert said in why(data)


def test_a_course_was_never_run():
    course = fit_file(
        message("file_id", type=6, manufacturer=1),
        records({"timestamp": T0, "distance": 0}, {"timestamp": T0 + 1, "distance": 300}),
    )
    found = one(course)

    assert not found.timed
    assert any("planned course" in note for note in found.notes)


def test_many_kinds_of_field_cannot_blow_a_small_file_up(monkeypatch):
    """An app may describe fields of its own: each is a column as long as there are records."""
    described = messages(
        "field_description",
        [{"developer_data_index": 0, "field_definition_number": n, "fit_base_type_id": 2} for n in range(200)],
    )
    rows = messages("record", [{"heart_rate": 99}] * 2000)
    monkeypatch.setattr(fit, "MAX_DECODED_BYTES", 7_000_000)
    monkeypatch.setattr(fit.fitfast, "records", lambda *_, **__: pytest.fail("it was decoded into columns"))

    assert "more in it than an activity can have" in why(fit_file(described, rows))


def test_a_large_file_is_counted_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(fit, "UNCOUNTED_BYTES", 1000)
    monkeypatch.setattr(fit, "MAX_DECODED_BYTES", 10_000)

    assert "more in it than an activity can have" in why(run_fit(60, START))
