from datetime import UTC, datetime, timedelta

import fitfast

from loadwatch.adapters.files.fit_extract import only
from tests.support.fit_writer import fit_file, fit_time, message, messages, run_fit

START = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
SPORT, SESSION, RECORD, DEVICE = 12, 18, 20, 23


def test_only_the_kinds_asked_for_are_left() -> None:
    cut = only(run_fit(600, START), {SESSION})

    assert cut is not None
    assert fitfast.message_counts(cut) == {"session": 1}
    assert fitfast.records(cut, "session")["total_distance"][0] == 1797.0


def test_a_slot_that_is_defined_anew_is_read_by_its_last_definition() -> None:
    first = messages("record", [{"timestamp": fit_time(START) + i, "heart_rate": 140} for i in range(3)])
    device = message("device_info", timestamp=fit_time(START), manufacturer=1, product=2691, device_type=4)
    data = fit_file(first, device, first, message("sport", sport=1, sub_sport=0))

    cut = only(data, {SPORT, DEVICE})

    assert cut is not None
    assert fitfast.message_counts(cut) == {"device_info": 1, "sport": 1}
    assert fitfast.records(cut, "device_info")["product"][0] == 2691


def test_files_that_are_chained_torn_or_tell_short_times_are_left_whole() -> None:
    run = run_fit(10, START)
    short_time = fit_file(message("record", timestamp=fit_time(START), heart_rate=140), b"\x81")

    assert only(run + run_fit(10, START + timedelta(hours=2)), {SESSION}) is None
    assert only(run[:-40], {SESSION}) is None
    assert only(short_time, {SESSION}) is None
    assert only(fit_file(b"\x00" * 30), {SESSION}) is None  # a message that nothing defined
