"""The account's clock. SuiteQL reads and shows stamps in the integration user's time zone, never in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SQL_FORMAT = "YYYY-MM-DD HH24:MI:SS"
_PYTHON_FORMAT = "%Y-%m-%d %H:%M:%S"
_HOUR = timedelta(hours=1)


class AccountTime:
    """Converts between UTC and the account's local texts, also in the hour that comes twice."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def from_account(self, text: str, not_after: datetime) -> datetime:
        """UTC moment of a `YYYY-MM-DD HH24:MI:SS` text that was read at `not_after`.

        A text of the repeated hour is the later of its two moments that had already happened: stamps of one
        record then never run backwards, so a newer version is never taken for a stale one. Raises ValueError
        when the text has another form.
        """
        local = datetime.strptime(text, _PYTHON_FORMAT)  # noqa: DTZ007 - both folds get a zone below
        first = local.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        second = local.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        return second if first < second <= not_after else first

    def lower_bound(self, moment: datetime) -> str:
        """`TO_TIMESTAMP(...)` at or shortly before the moment; never inside the hour that comes twice."""
        while self._is_ambiguous(moment):
            moment -= _HOUR
        return self._sql(moment)

    def upper_bound(self, moment: datetime) -> str:
        """`TO_TIMESTAMP(...)` at or shortly after the moment; never inside the hour that comes twice."""
        while self._is_ambiguous(moment):
            moment += _HOUR
        return self._sql(moment)

    def _sql(self, moment: datetime) -> str:
        return f"TO_TIMESTAMP('{moment.astimezone(self._zone):{_PYTHON_FORMAT}}', '{SQL_FORMAT}')"

    def _is_ambiguous(self, moment: datetime) -> bool:
        local = moment.astimezone(self._zone)
        return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
