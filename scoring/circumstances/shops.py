"""Since when a founder sells on a channel: orders from before that day are doubtful."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scoring.base.errors import InputError
from scoring.parties.persons import require_name_and_reason
from scoring.parties.references import REFERENCE
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder, OrderLine, Shop


def declare_shop(
    ledger: Ledger, founder: Founder, channel: str, *, opened_on: date, today: date, author: str
) -> Shop:
    """Record since when a founder sells on a channel; what was said last rules.

    Records that are on file already are left as they are.

    Raises:
        InputError: the channel can't be one, the day has not come, or the name is missing.
    """
    require_name_and_reason(author, "shop")
    if not REFERENCE.fullmatch(channel):
        raise InputError(
            f'"{channel}" can\'t be a channel: up to 64 letters, digits and ._:- only, as in the '
            "order lines, such as smartstore."
        )
    if opened_on > today:
        raise InputError(f"{opened_on} lies in the future (today is {today}).")
    shop = Shop(
        founder_id=founder.id,
        channel=channel,
        opened_on=opened_on,
        author=author,
        added_at=ledger.now,
    )
    ledger.session.add(shop)
    ledger.session.flush()
    append_event(
        ledger,
        actor=author,
        action="shop.declared",
        founder_id=founder.id,
        details={"shop": shop.id, "channel": channel},
    )
    return shop


def sales_before(session: Session, shop: Shop) -> int:
    """How many sales on file lie before a shop's first day; they stay as they were stored."""
    statement = select(func.count()).where(
        OrderLine.founder_id == shop.founder_id,
        OrderLine.channel == shop.channel,
        OrderLine.entry == "sale",
        OrderLine.event_date < shop.opened_on,
        OrderLine.held.is_(None),
        OrderLine.superseded_recorded_at.is_(None),
    )
    return session.scalar(statement) or 0


def list_shops(session: Session) -> list[dict[str, Any]]:
    """The day on which each founder's shop on each channel opened, as last said."""
    latest = select(func.max(Shop.id)).group_by(Shop.founder_id, Shop.channel)
    statement = (
        select(Shop, Founder.reference)
        .join(Founder, Founder.id == Shop.founder_id)
        .where(Shop.id.in_(latest))
        .order_by(Founder.reference, Shop.channel)
    )
    return [
        {
            "founder": reference,
            "channel": shop.channel,
            "opened_on": shop.opened_on.isoformat(),
            "by": shop.author,
        }
        for shop, reference in session.execute(statement)
    ]
