"""Whatever is uploaded gives recordings that can be worked with, or one line that says why not."""

import gzip
from dataclasses import fields
from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.adapters.files import UnreadableFile, read_recordings
from tests.support.fit_writer import fit_file, message, run_fit

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
FIT = run_fit(12, START, parts=[message("device_info", timestamp=1, device_type=4, source_type=5)])
GPX = (
    b"<?xml version='1.0'?><gpx creator='W'><trk><name>R</name><type>running</type><trkseg>"
    + b"".join(
        b"<trkpt lat='52.%d' lon='13.4'><ele>%d</ele><time>2026-11-01T08:00:%02dZ</time>"
        b"<extensions><a:hr>140</a:hr></extensions></trkpt>" % (i, i, i)
        for i in range(12)
    )
    + b"</trkseg></trk></gpx>"
)
TCX = (
    b"<TrainingCenterDatabase><Activities><Activity Sport='Running'><Lap><DistanceMeters>33</DistanceMeters><Track>"
    + (
        b"".join(
            b"<Trackpoint><Time>2026-11-01T08:00:%02dZ</Time><DistanceMeters>%d</DistanceMeters></Trackpoint>"
            % (i, 3 * i)
            for i in range(12)
        )
    )
    + b"</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
)
JSON = (
    b'{"time": {"data": [0, 1, 2]}, "latlng": {"data": [[1, 2], null, [3, 4]]}, "altitude": {"data": [1, 2.5, null]}}'
)


def check(data):
    error = None
    try:
        recordings = read_recordings(data, "upload")
    except UnreadableFile as refused:
        error = str(refused)
    if error is not None:
        assert error
        assert "\n" not in error
        return
    assert recordings
    for found in recordings:
        time = found.streams.time_s
        assert len(time) >= 2
        assert time[0] == 0
        assert np.isfinite(time).all()
        for field in fields(found.streams):
            channel = getattr(found.streams, field.name)
            assert channel is None or (channel.shape == time.shape and channel.dtype == np.float64)
            assert channel is None or not np.isinf(channel).any()


def changed(whole, changes):
    data = bytearray(whole)
    for kind, place, new in changes:
        at = int(place * len(data))
        if kind == "overwrite":
            data[at : at + len(new)] = new
        elif kind == "insert":
            data[at:at] = new
        elif kind == "delete":
            del data[at : at + len(new)]
        else:
            del data[at:]
    return bytes(data)


changes = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "overwrite", "insert", "delete", "cut"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=6)
        | st.sampled_from(
            [b"<", b"</trkpt>", b"<trk>", b"<trkpt/>", b"<trkpt>", b"<Lap/>", b"-9e999", b"null", b"\xff\xff"]
        ),
    ),
    min_size=1,
    max_size=6,
)


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"<gpx>", b"\x1f\x8b", b"{", b"\x0e\x10\0\0\x20\0\0\0.FIT\0\0"])
)
def test_any_bytes(data, beginning):
    check(beginning + data)


@given(st.sampled_from([GPX, TCX, JSON, FIT]), changes)
def test_damaged_files(whole, changes):
    check(changed(whole, changes))


@given(st.sampled_from([GPX, FIT]), changes)
def test_damaged_packed_files(whole, changes):
    check(changed(gzip.compress(whole), changes))


@settings(max_examples=80)
@given(changes)
def test_fit_files_damaged_inside_whole_ones(changes):
    """With sizes and checksums in order, so that damage gets as far as the decoders."""
    check(fit_file(changed(FIT[14:-2], changes)))


def test_the_undamaged_files_are_all_read():
    assert [len(read_recordings(whole, "x")[0].streams) for whole in (GPX, TCX, JSON, FIT)] == [12, 12, 3, 12]
