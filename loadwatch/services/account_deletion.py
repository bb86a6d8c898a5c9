"""The end of an account: all that is an athlete's goes, and a receipt that names nobody stays."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from loadwatch.domain.text import say
from loadwatch.services.account_ports import DeletionReceipt
from loadwatch.services.errors import NotYours, WrongPassword
from loadwatch.services.ports import Clock, Database, MailStore, PasswordHasher, UploadFiles

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Farewell:
    """
    What an account's end would mean.

    Attributes
    ----------
    has_password : bool
        Whether it is asked for; who logs in through Strava alone has none.
    is_last : bool
        It is the only account here.
    is_only_operator : bool
        Others stay, and none of them runs this server.
    """

    has_password: bool
    is_last: bool
    is_only_operator: bool


class AccountDeletionService:
    """
    Deletes accounts, from the page and from the command line.

    Parameters
    ----------
    revoke : callable
        Gives a refresh token back to Strava, best effort.
    """

    def __init__(
        self,
        database: Database,
        revoke: Callable[[str], bool],
        mailbox: MailStore,
        files: UploadFiles,
        hasher: PasswordHasher,
        clock: Clock,
    ) -> None:
        self._database = database
        self._revoke = revoke
        self._mailbox = mailbox
        self._files = files
        self._hasher = hasher
        self._clock = clock

    def farewell(self, athlete_id: int) -> Farewell:
        with self._database.read() as tx:
            account = tx.account_of_athlete(athlete_id)
            if account is None:
                raise NotYours(f"athlete {athlete_id}")
            others = tx.count_accounts() - 1
            return Farewell(
                has_password=account.password_hash is not None,
                is_last=others == 0,
                is_only_operator=others > 0 and account.is_operator and tx.count_operators() == 1,
            )

    def check_password(self, athlete_id: int, password: str) -> None:
        """
        Raises
        ------
        WrongPassword
            Not where the account has none.
        """
        with self._database.read() as tx:
            account = tx.account_of_athlete(athlete_id)
        if account is not None and account.password_hash is None:
            return
        if account is None or not self._hasher.verify(account.password_hash or "", password):
            raise WrongPassword(say("The password is not right. Nothing was deleted."))

    def delete(self, athlete_id: int) -> DeletionReceipt:
        """
        Delete everything in one go: rows in one transaction, then files, then Strava is told.

        Strava is told best effort: what was here is gone whether it answers or not. Work on this athlete that is
        under way finds no row to settle; what it writes to files after that goes with the next `tidy`.

        Raises
        ------
        NotYours
            If there is no such athlete.
        """
        refresh_token = self._refresh_token(athlete_id)
        with self._database.write() as tx:
            tx.lock_athlete(athlete_id)
            receipt = tx.delete_athlete(athlete_id, self._clock())
        if receipt is None:
            raise NotYours(f"athlete {athlete_id}")
        self._mailbox.forget_all(athlete_id)
        self._files.forget_all(athlete_id)
        if refresh_token is not None:
            self._revoke(refresh_token)
        log.info("an account was deleted: receipt %s, %s rows", receipt.id, sum(receipt.counts.values()))
        return receipt

    def _refresh_token(self, athlete_id: int) -> str | None:
        try:
            with self._database.read() as tx:
                connection = tx.connection(athlete_id)
        except Exception as error:  # encrypted with a key that is lost: no reason to keep somebody's data
            log.warning("Strava is not told of a deletion: the token cannot be read (%s)", type(error).__name__)
            return None
        return connection.refresh_token if connection else None

    def tidy(self) -> None:
        """Delete copies of mails that were on their way while their athlete was deleted."""
        with self._database.read() as tx:
            known = set(tx.athlete_ids())
        for athlete_id in set(self._mailbox.owners()) - known:
            self._mailbox.forget_all(athlete_id)

    def receipts(self, limit: int = 50) -> list[DeletionReceipt]:
        """Of all accounts that were deleted here, the newest first; none says whose it was."""
        with self._database.read() as tx:
            return tx.deletions(limit)
