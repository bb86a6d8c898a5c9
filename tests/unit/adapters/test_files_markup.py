"""GPX and TCX as devices, apps and editors write them, and as nobody should."""

import gc
import math
from datetime import UTC, datetime

import pytest

from loadwatch.adapters.files import UnreadableFile, limits, markup, read_recordings
from loadwatch.adapters.files.limits import Deadline

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


def point(second, lat=52.5, more="", day=1, hour=8):
    time = f"<time>2026-11-{day:02}T{hour:02}:00:{second:02}Z</time>" if second is not None else ""
    return f'<trkpt lat="{lat}" lon="13.4">{time}{more}</trkpt>'


def track(*segments, head=""):
    return f"<trk>{head}{''.join(f'<trkseg>{s}</trkseg>' for s in segments)}</trk>"


def gpx(*tracks, head='<?xml version="1.0" encoding="UTF-8"?>', attributes=""):
    return f"{head}<gpx version='1.1' {attributes}>{''.join(tracks)}</gpx>".encode()


def trackpoint(second, distance=None, more=""):
    told = "" if distance is None else f"<DistanceMeters>{distance}</DistanceMeters>"
    return f"<Trackpoint><Time>2026-11-01T08:00:{second:02}.000Z</Time>{told}{more}</Trackpoint>"


def lap(*points, distance=None):
    told = "" if distance is None else f"<DistanceMeters>{distance}</DistanceMeters>"
    return f"<Lap StartTime='2026-11-01T08:00:00Z'>{told}<Track>{''.join(points)}</Track></Lap>"


def activity(*laps, sport="Running", more=""):
    return f"<Activity Sport='{sport}'><Id>2026-11-01T08:00:00Z</Id>{''.join(laps)}{more}</Activity>"


def tcx(*activities):
    inner = f"<Activities>{''.join(activities)}</Activities>"
    return f"<?xml version='1.0'?><TrainingCenterDatabase>{inner}</TrainingCenterDatabase>".encode()


def one(data):
    (found,) = read_recordings(data, "upload")
    return found


def why(data):
    with pytest.raises(UnreadableFile) as caught:
        read_recordings(data, "upload")
    return str(caught.value)


WHOLE = gpx(track(point(0) + point(2, 52.6)))


# GPX


def test_a_whole_gpx():
    extension = "<ele>31.5</ele><extensions><g:TrackPointExtension><g:hr>150</g:hr><g:cad>86</g:cad>"
    extension += "</g:TrackPointExtension></extensions>"
    head = "<name>Morning &amp; Run</name><type>trail_running</type>"
    found = one(gpx(track(point(0, 52.5, extension) + point(2, 52.6), head=head), attributes="creator='Watch 3'"))

    assert (found.sport, found.start, found.name, found.device) == ("TrailRun", START, "Morning & Run", "Watch 3")
    assert (found.elapsed_s, found.timed, found.notes, found.has_barometer) == (2, True, (), None)
    streams = found.streams
    assert streams.time_s.tolist() == [0, 2]
    assert streams.latitude_deg is not None
    assert streams.latitude_deg.tolist() == [52.5, 52.6]
    for channel, first in ((streams.altitude_m, 31.5), (streams.heartrate_bpm, 150), (streams.cadence_rpm, 86)):
        assert channel is not None
        assert channel[0] == first
        assert math.isnan(channel[1])
    assert streams.distance_m is streams.speed_m_s is None


@pytest.mark.parametrize(
    "data",
    [
        b" " * 10 + WHOLE,
        b"\r\n\n" + WHOLE,
        b"\xef\xbb\xbf" + WHOLE,
        b"\xef\xbb\xbf  " + WHOLE,
        WHOLE.decode().encode("utf-16"),
        WHOLE.decode().encode("utf-16-le"),
        WHOLE.replace(b"UTF-8", b"UTF-16"),
        WHOLE.replace(b"UTF-8", b"no-such-code"),
        WHOLE.replace(b"<trk>", "<trk><name>Böö</name>".encode("latin-1")),
        WHOLE.replace(b"UTF-8", b"windows-1252").replace(b"<trk>", "<trk><name>Böö</name>".encode("cp1252")),
        WHOLE.replace(b"<trk>", b"<trk><name>Tom & Jerry \x03 &nbsp;</name>"),
        WHOLE.replace(b"<gpx", b"<gpx:gpx").replace(b"</gpx", b"</gpx:gpx").replace(b"<trkpt", b"<gpx:trkpt")
        .replace(b"</trkpt", b"</gpx:trkpt"),
        WHOLE.replace(b"Z<", b"<"),
        WHOLE.replace(b"Z<", b".000+00:00<"),
        WHOLE.replace(b"T08:00:0", b"T10:00:0").replace(b"Z<", b"+02:00<"),
        WHOLE.replace(b"<time>", b"<time>\n ").replace(b"</time>", b"\n</time>"),
        WHOLE.replace(b"<trkseg>", b"<!-- <trkpt/> --><trkseg>"),
    ],
)  # fmt: skip
def test_dirt_around_the_points_costs_nothing(data):
    found = one(data)

    assert found.start == START
    assert found.streams.time_s.tolist() == [0, 2]
    assert found.streams.latitude_deg is not None
    assert found.streams.latitude_deg.tolist() == [52.5, 52.6]
    assert found.notes == ()


def test_letters_of_the_declared_code_are_read_by_it():
    data = WHOLE.replace(b"UTF-8", b"iso-8859-15").replace(b"<trk>", b"<trk><name>5 \xa4</name>")

    assert one(data).name == "5 €"


def test_segments_are_one_recording_in_order_of_time():
    found = one(gpx(track(point(30) + point(31), point(0) + point(1))))

    assert found.streams.time_s.tolist() == [0, 1, 30, 31]


def test_tracks_of_another_sport_or_time_are_recordings_of_their_own():
    run, ride = "<type>running</type>", "<type>cycling</type>"
    data = gpx(
        track(point(0) + point(1), head=run),
        track(point(2) + point(3), head=ride),
        track(point(0, hour=12) + point(1, hour=12), head=ride),
    )

    found = read_recordings(data, "upload")

    assert [(r.sport, r.start and r.start.hour) for r in found] == [("Run", 8), ("Ride", 8), ("Ride", 12)]


def test_a_track_that_goes_on_at_once_belongs_to_the_one_before():
    """Some devices begin a new track at each stop."""
    assert one(gpx(track(point(0) + point(1)), track(point(40) + point(41)))).elapsed_s == 41


def test_two_days_in_one_track_are_two_runs():
    found = read_recordings(gpx(track(point(0) + point(1) + point(0, day=2) + point(1, day=2))), "upload")

    assert [r.start and r.start.day for r in found] == [1, 2]


def test_an_empty_track_is_named_in_a_note():
    found = one(gpx(track(head="<name>Nothing</name>"), track(point(0) + point(1))))

    assert found.notes == ("a track without samples left out: Nothing",)


def test_a_path_without_times_is_not_timed():
    found = one(gpx(track(point(None) + point(None, 52.6) + point(None, 52.7))))

    assert (found.timed, found.start, found.elapsed_s) == (False, None, None)
    assert found.streams.time_s.tolist() == [0, 1, 2]
    assert "no times" in found.notes[0]


def test_one_time_for_all_points_is_none():
    assert not one(gpx(track(point(5) + point(5, 52.6)))).timed


def test_a_route_counts_where_there_is_no_track():
    route = '<rte><rtept lat="50" lon="10"/><rtept lat="51" lon="10"/><rtept lat="52" lon="10"/></rte>'

    assert len(one(gpx(route)).streams) == 3
    assert len(one(gpx(route, track(point(0) + point(1)))).streams) == 2


def test_waypoints_are_no_samples():
    assert "without a track" in why(gpx('<wpt lat="1" lon="2"><time>2026-11-01T08:00:00Z</time></wpt>' * 3))


def test_points_without_a_time_are_left_out_of_a_timed_track():
    found = one(gpx(track(point(0) + point(None, 52.6) + point(2))))

    assert found.streams.time_s.tolist() == [0, 2]
    assert found.notes == ("1 sample without a time left out",)


@pytest.mark.parametrize(
    ("lat", "ele", "kept"),
    [
        ("0", "10", (False, True)),
        ("95", "10", (False, True)),
        ("nan", "10", (False, True)),
        ("52,5", "10,5", (True, True)),
        ("52.5", "9500", (True, False)),
        ("52.5", "-501", (True, False)),
        ("52.5", "-400", (True, True)),
        ("52.5", "1e999", (True, False)),
        ("52.5", "high", (True, False)),
    ],
)
def test_a_value_that_cannot_be_is_a_missing_one(lat, ele, kept):
    odd = point(0, lat, f"<ele>{ele}</ele>").replace('lon="13.4"', f'lon="{0 if lat == "0" else 13.4}"')
    streams = one(gpx(track(odd + point(1, more="<ele>3</ele>")))).streams

    assert streams.latitude_deg is not None
    assert streams.longitude_deg is not None
    assert streams.altitude_m is not None
    assert (not math.isnan(streams.latitude_deg[0]), not math.isnan(streams.altitude_m[0])) == kept
    assert math.isnan(streams.longitude_deg[0]) == math.isnan(streams.latitude_deg[0])


def test_the_name_of_a_device_may_promise_a_barometer():
    assert one(gpx(track(point(0) + point(1)), attributes="creator='eTrex with Barometer'")).has_barometer is True


def test_a_clock_that_jumps_by_years_keeps_the_run_in_one_piece():
    early = '<trkpt lat="52.5" lon="13.4"><time>1999-08-22T00:00:07Z</time></trkpt>'
    seconds = [point(s) for s in range(50)]

    found = one(gpx(track(early + "".join(seconds))))

    assert (found.start, found.elapsed_s) == (START, 49)
    assert any("clock was set" in note for note in found.notes)


def test_a_clock_set_halfway_is_bridged_and_the_longer_part_dates_the_run():
    early = [f'<trkpt lat="52.5" lon="13.4"><time>2007-01-01T00:00:{s:02}Z</time></trkpt>' for s in range(20)]
    late = [point(s) for s in range(10, 50)]

    found = one(gpx(track("".join(early + late))))

    assert found.elapsed_s == 59
    assert found.start == datetime(2026, 11, 1, 7, 59, 50, tzinfo=UTC)


def test_a_clock_never_set_leaves_the_day_unknown():
    data = gpx(track(point(0) + point(1))).replace(b"2026-11", b"1970-01")

    found = one(data)

    assert (found.start, found.elapsed_s, found.timed) == (None, 1, True)
    assert "day of the recording is unknown" in found.notes[0]


# what breaks off, and what is meant to harm


def test_of_a_file_that_breaks_off_is_used_what_stands_before():
    whole = gpx(track("".join(point(s) for s in range(10))))
    found = one(whole[: whole.index(b"00:07Z")])

    assert found.streams.time_s.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert "broken at line 1" in found.notes[0]


def test_one_point_before_the_break_is_not_enough():
    whole = gpx(track(point(0) + point(1)))

    assert "broken at line 1" in why(whole[: whole.index(b"00:01Z")])


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>',
        '<!DOCTYPE gpx [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE gpx SYSTEM "http://example.org/gpx.dtd">',
        '<!DOCTYPE gpx [<!ENTITY % remote SYSTEM "http://example.org/x"> %remote;]>',
        "<!DOCTYPE gpx>",
    ],
)
def test_document_types_and_entities_are_refused(declaration):
    harmless = gpx(track(point(0) + point(1)), head=f"<?xml version='1.0'?>{declaration}")

    assert "declares a document type or entities" in why(harmless)
    assert "declares a document type or entities" in why(harmless.replace(b"<trkseg>", b"<trkseg>&lol2;&xxe;"))


def test_deep_nesting_is_refused():
    assert "nested too deep" in why(WHOLE.replace(b"<trkseg>", b"<trkseg>" + b"<a>" * 100_000))


def test_deep_nesting_in_a_point_is_refused(monkeypatch):
    monkeypatch.setattr(markup, "SLICE_BYTES", 1000)
    monkeypatch.setattr(markup, "MAX_POINT_BYTES", 2000)

    assert "far too long" in why(WHOLE.replace(b"<time>", b"<a>" * 10_000 + b"<time>"))


@pytest.mark.parametrize(
    "odd", ["<trkpt/>", "<trk><trkseg><trkpt/></trkseg></trk>", "<trkseg><name>x</name></trkseg>"]
)
def test_points_and_tracks_inside_a_point_harm_nothing_else(odd):
    found = one(gpx(track(point(0) + point(1, more=odd) + point(2) + point(3)), track(point(9))))

    assert {0, 1, 2, 3} <= set(found.streams.time_s.tolist())


def test_too_many_points_are_refused(monkeypatch):
    monkeypatch.setattr(markup, "MAX_SAMPLES", 100)
    monkeypatch.setattr(markup, "SLICE_BYTES", 1000)

    assert "more than 100 points" in why(gpx(track(point(1) * 101)))


def test_too_many_activities_are_refused(monkeypatch):
    monkeypatch.setattr("loadwatch.adapters.files.gpx.MAX_ACTIVITIES", 3)
    monkeypatch.setattr("loadwatch.adapters.files.tcx.MAX_ACTIVITIES", 3)

    assert "more than 3 activities" in why(gpx(*[track(point(0) + point(1))] * 4))
    assert "more than 3 activities" in why(tcx(*[activity()] * 4))


def test_many_empty_tracks_make_few_notes():
    assert len(one(gpx(*[track()] * 20, track(point(0) + point(1)))).notes) == 6


def test_slices_of_any_size_give_the_same_points(monkeypatch):
    """Tags, numbers and letters of several bytes lie across the border of two slices."""
    data = gpx(track("".join(point(s, 50 + s / 7) for s in range(50)), head="<name>Käse</name>"))
    whole = one(data)
    monkeypatch.setattr(markup, "SLICE_BYTES", 7)
    sliced = one(data)

    assert sliced.name == whole.name == "Käse"
    assert sliced.streams.time_s.tolist() == whole.streams.time_s.tolist()
    assert sliced.streams.latitude_deg is not None
    assert whole.streams.latitude_deg is not None
    assert sliced.streams.latitude_deg.tolist() == whole.streams.latitude_deg.tolist()


def test_reading_stops_when_the_time_is_up(monkeypatch):
    monkeypatch.setattr(limits, "TIME_LIMIT_S", -1.0)

    with pytest.raises(UnreadableFile, match="takes too long"):
        Deadline(limits.TIME_LIMIT_S).check()
    with pytest.raises(UnreadableFile, match="takes too long"):
        markup.read(WHOLE, _Nothing(), Deadline(-1.0))


class _Nothing:
    points = frozenset({"trkpt"})
    leaves: dict[str, str] = {}

    def opened(self, name, attributes, n): ...

    def closed(self, name, text): ...


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T08:00:07Z",
        "2026-11-01T08:00:07.000Z",
        "2026-11-01T08:00:07.0000000Z",
        "2026-11-01T08:00:07",
        "2026-11-01 08:00:07Z",
        "2026-11-01T09:00:07+01:00",
        " 2026-11-01T08:00:07Z\n",
    ],
)
@pytest.mark.parametrize("others", [[], ["2026-11-01T08:00:00Z"], ["soon"]])
def test_a_time_means_the_same_however_it_is_written(text, others):
    assert markup.unix_times([*others, text])[-1] == START.timestamp() + 7


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "now",
        "todaytodaytodaytodayZ",
        "2026-11-01T09:00:07+01:00Z",
        "2026-02-30T08:00:00Z",
        "NaTNaTNaTNaTNaTNaTNaTZ",
    ],
)
@pytest.mark.parametrize("others", [[], ["2026-11-01T08:00:00Z"]])
def test_what_is_no_time_is_missing(text, others):
    assert math.isnan(markup.unix_times([*others, text])[-1])


# TCX


def test_a_whole_tcx():
    more = "<Position><LatitudeDegrees>52.5</LatitudeDegrees><LongitudeDegrees>13.4</LongitudeDegrees></Position>"
    more += "<AltitudeMeters>31.5</AltitudeMeters><HeartRateBpm><Value>150</Value></HeartRateBpm>"
    more += (
        "<Extensions><ns3:TPX><ns3:Speed>3.1</ns3:Speed><ns3:RunCadence>86</ns3:RunCadence></ns3:TPX></Extensions>"
    )
    creator = "<Notes>Easy</Notes><Creator><Name>Watch 3</Name></Creator>"
    found = one(
        tcx(
            activity(
                lap(trackpoint(0, 0, more), trackpoint(1, 3), distance=3),
                lap(trackpoint(2, 6), trackpoint(4, 12.5), distance=9.5),
                more=creator,
            )
        )
    )

    assert (found.sport, found.start, found.device, found.name) == ("Run", START, "Watch 3", "Easy")
    assert (found.reported_distance_m, found.elapsed_s, found.notes) == (12.5, 4, ())
    streams = found.streams
    assert streams.time_s.tolist() == [0, 1, 2, 4]
    assert streams.distance_m is not None
    assert streams.distance_m.tolist() == [0, 3, 6, 12.5]
    firsts = (streams.latitude_deg, streams.longitude_deg, streams.altitude_m, streams.speed_m_s)
    assert [c is not None and c[0] for c in firsts] == [52.5, 13.4, 31.5, 3.1]
    assert [c is not None and c[0] for c in (streams.heartrate_bpm, streams.cadence_rpm)] == [150, 86]


def test_a_distance_that_begins_anew_with_each_lap_is_counted_on():
    found = one(
        tcx(
            activity(
                lap(trackpoint(0, 0), trackpoint(10, 40)),
                lap(trackpoint(11, 4), trackpoint(20, 40)),
                lap(trackpoint(21, 0), trackpoint(30, 30)),
            )
        )
    )

    assert found.streams.distance_m is not None
    assert found.streams.distance_m.tolist() == [0, 40, 44, 80, 80, 110]


def test_laps_listed_backwards_are_put_in_order():
    found = one(tcx(activity(lap(trackpoint(10, 40), trackpoint(20, 80)), lap(trackpoint(0, 0), trackpoint(9, 36)))))

    assert found.streams.time_s.tolist() == [0, 9, 10, 20]
    assert found.streams.distance_m is not None
    assert found.streams.distance_m.tolist() == [0, 36, 40, 80]


def test_activities_of_a_file_are_recordings_of_their_own():
    points = lap(trackpoint(0), trackpoint(1))
    found = read_recordings(tcx(activity(points, sport="Biking"), activity(points), activity(sport="Other")), "x")

    assert [r.sport for r in found] == ["Ride", "Run"]
    assert found[-1].notes == ("an activity without samples left out: Other",)


def test_a_total_is_unknown_where_one_lap_has_none():
    assert one(tcx(activity(lap(trackpoint(0), distance=5), lap(trackpoint(1))))).reported_distance_m == 5
    assert one(tcx(activity(lap(trackpoint(0), distance="x"), lap(trackpoint(1))))).reported_distance_m is None


def test_a_course_was_never_run():
    course = f"<Course><Name>Loop</Name><Track>{trackpoint(0, 0)}{trackpoint(1, 5)}</Track></Course>"
    found = one(f"<TrainingCenterDatabase><Courses>{course}</Courses></TrainingCenterDatabase>".encode())

    assert (found.timed, found.name) == (False, "Loop")
    assert any("planned course" in note for note in found.notes)


def test_activities_without_the_outermost_element_are_still_read():
    inner = f"<Activities>{activity(lap(trackpoint(0), trackpoint(1)))}</Activities>"

    assert one(inner.encode()).sport == "Run"


def test_nothing_of_a_document_lies_about_until_the_garbage_collector_comes():
    read_recordings(WHOLE, "upload")  # what is made once is made now
    gc.collect()
    gc.disable()
    try:
        read_recordings(WHOLE, "upload")
        left_behind = gc.collect()
    finally:
        gc.enable()

    assert left_behind == 0
