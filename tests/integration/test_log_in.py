"""A log-in lasts until its password changes."""

from pathlib import Path

from argon2 import PasswordHasher

from tests.support.athletes import BUSY, open_household
from tests.support.seeding import PASSWORD


def test_a_log_in_lasts_though_its_password_is_hashed_anew(household: Path, tmp_path: Path) -> None:
    services = open_household(household, tmp_path / "data")
    with services.store.write() as tx:
        account = tx.account_by_email(BUSY)
        assert account is not None
        tx.set_password_hash(account.id, PasswordHasher(time_cost=2, memory_cost=512, parallelism=1).hash(PASSWORD))
    logged_in = services.accounts.log_in(BUSY, PASSWORD)
    assert logged_in is not None
    assert services.accounts.by_session(logged_in.session_id) is not None
    services.close()
