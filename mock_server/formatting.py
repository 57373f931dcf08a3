"""How money and instants are written for a person."""

from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def instant(at: int | None) -> str:
    """Return an instant as a person in the vendor's time zone reads it."""
    if at is None:
        return "never"
    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(SHANGHAI)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def yuan(fen: int) -> str:
    """Return an amount of money, such as `0.28`."""
    return f"{fen // 100}.{fen % 100:02d}"
