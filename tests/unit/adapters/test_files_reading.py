"""What an upload is shows in its content: unpacked, named where it is no activity, refused where it asks too much."""

import gzip
import json
import math
import zlib

import pytest

from loadwatch.adapters.files import UnreadableFile, limits, read_file, read_recordings, reading
from loadwatch.services.errors import LoadwatchError

GPX = b"""<?xml version="1.0"?><gpx creator="Watch"><trk><trkseg>
<trkpt lat="52.5" lon="13.4"><ele>30</ele><time>2026-11-01T08:00:00Z</time></trkpt>
<trkpt lat="52.6" lon="13.4"><ele>31</ele><time>2026-11-01T08:00:10Z</time></trkpt>
</trkseg></trk></gpx>"""


def stream_set(**streams):
    return json.dumps({name: {"data": data, "series_type": "time"} for name, data in streams.items()}).encode()


def why(data, name="upload"):
    with pytest.raises(UnreadableFile) as caught:
        read_recordings(data, name)
    return str(caught.value)


@pytest.mark.parametrize("name", ["run.gpx", "run.fit", "run.tcx.gz", "run", "RUN.GPX.GZ"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_content_says_what_a_file_is_whatever_its_name(name, pack):
    (found,) = read_recordings(pack(GPX), name)

    assert len(found.streams) == 2
    assert found.notes == ()


def test_a_file_on_disk_is_read_alike(tmp_path):
    path = tmp_path / "run.gpx"
    path.write_bytes(GPX)

    (found,) = read_file(path)

    assert found.device == "Watch"


def test_a_file_too_large_is_not_even_opened(tmp_path):
    path = tmp_path / "large.fit"
    with path.open("wb") as file:
        file.truncate(limits.MAX_BYTES + 1)
    path.chmod(0)

    with pytest.raises(UnreadableFile, match="larger than 64 MB"):
        read_file(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \r\n\0\0", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"PK\x03\x04rest", "zip archive: unpack it"),
        (b"\x89PNG\r\n", "picture"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        (b"<html><body>Log in", "web page"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "web page"),
        (b"<kml><Placemark/></kml>", "KML"),
        (b"<svg/>", "neither GPX nor TCX"),
        (b"<", "neither GPX nor TCX"),
        (b"Activity ID,Activity Date\n1,2", "neither FIT, GPX, TCX nor a stream set"),
        (bytes(range(256)), "neither FIT, GPX, TCX nor a stream set"),
        (b"{", "breaks off"),
        (b"[" * 100_000, "breaks off"),
        (b'{"message": "Record Not Found"}', "no stream set"),
        (b"[1, 2, 3]", "no stream set"),
        (b"<gpx></gpx>", "GPX file without a track"),
        (b"<gpx", "neither GPX nor TCX"),
        (b"<TrainingCenterDatabase><Activities/></TrainingCenterDatabase>", "TCX file without an activity"),
    ],
)
def test_what_holds_no_activity_is_named_in_one_line(data, said):
    text = why(data)

    assert said in text
    assert "\n" not in text


def test_an_unreadable_file_is_something_a_person_can_be_told():
    assert issubclass(UnreadableFile, LoadwatchError)
    assert "called .fit" in why(b"garbage", "run.fit")


# gzip


def test_gzip_in_several_members_is_read_whole():
    (found,) = read_recordings(gzip.compress(GPX[:200]) + gzip.compress(GPX[200:]), "run.gpx.gz")

    assert len(found.streams) == 2


def test_what_stands_behind_a_gzip_member_is_no_harm():
    (found,) = read_recordings(gzip.compress(GPX) + b"\0\0padding", "run.gpx.gz")

    assert found.notes == ()


@pytest.mark.parametrize("damage", [lambda p: p[:-20], lambda p: p[:-4], lambda p: p[:-8] + b"\0" * 8])
def test_of_a_damaged_gzip_is_used_what_came_out(damage):
    compressor = zlib.compressobj(level=0, wbits=31)
    packed = compressor.compress(GPX + b" " * 100) + compressor.flush()

    (found,) = read_recordings(damage(packed), "run.gpx.gz")

    assert len(found.streams) == 2
    assert any("cut off or damaged" in note for note in found.notes)


def test_a_gzip_bomb_is_not_unpacked_to_its_end(monkeypatch):
    unpacked = []
    make = zlib.decompressobj

    class Counting:
        def __init__(self, wbits):
            self._inner = make(wbits=wbits)

        def __getattr__(self, name):
            return getattr(self._inner, name)

        def decompress(self, data, limit):
            out = self._inner.decompress(data, limit)
            unpacked.append(len(out))
            return out

    compressor = zlib.compressobj(wbits=31)
    bomb = b"".join(compressor.compress(b"\0" * 2**20) for _ in range(30)) + compressor.flush()
    monkeypatch.setattr(reading.zlib, "decompressobj", Counting)

    assert "unpacks to more" in why(bomb, "run.gpx.gz")
    assert sum(unpacked) <= 200 * len(bomb) + 2**20


def test_a_small_file_may_pack_well():
    """Ten minutes standing still: the same line again and again."""
    point = b'<trkpt lat="52.5" lon="13.4"><time>2026-11-01T08:00:00Z</time></trkpt>'
    gpx = GPX.replace(b"<trkseg>", b"<trkseg>" + 8000 * point)

    assert len(gzip.compress(gpx)) * limits.MAX_RATIO < len(gpx)
    assert read_recordings(gzip.compress(gpx), "still.gpx.gz")[0].elapsed_s == 10


# stream sets


def test_a_stream_set_has_neither_day_nor_sport():
    (found,) = read_recordings(
        stream_set(time=[0, 1, 3], distance=[0, 3, 9], latlng=[[52.5, 13.4]] * 3), "streams.json"
    )

    assert (found.sport, found.start, found.timed, found.elapsed_s) == ("Unknown", None, True, 3)
    assert found.streams.distance_m is not None
    assert found.streams.distance_m.tolist() == [0, 3, 9]
    assert found.notes == ()


def test_a_list_of_streams_is_read_like_a_dict():
    data = json.dumps([{"type": "time", "data": [5, 6]}, {"type": "altitude", "data": [10, None]}]).encode()

    (found,) = read_recordings(data, "streams.json")

    assert found.streams.time_s.tolist() == [0, 1]
    assert found.streams.altitude_m is not None
    assert math.isnan(found.streams.altitude_m[1])


def test_a_stream_set_without_times_is_a_path():
    (found,) = read_recordings(stream_set(latlng=[[52.5, 13.4], [52.6, 13.4], [52.7, 13.4]]), "streams.json")

    assert not found.timed
    assert found.streams.time_s.tolist() == [0, 1, 2]
    assert found.elapsed_s is None
