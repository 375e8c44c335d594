"""Parts given back, as exports tell of them one after the other."""

from __future__ import annotations

from tests.intake.formats.conftest import Shop, shop  # noqa: F401

HEADER = "상품주문번호,주문일시,결제일,주문상태,수량,상품별 총 주문금액,최종 상품별 총 주문금액"


def export(final: int, until: str) -> str:
    other = f"99,{until},{until},배송완료,1,5000,5000"
    return f"{HEADER}\n11,2026-03-01,2026-03-01,배송완료,1,10000,{final}\n{other}\n"


def test_the_later_export_tells_how_much_was_given_back_in_either_order(
    shop: Shop,  # noqa: F811
) -> None:
    early, late = export(7000, "2026-03-10"), export(4000, "2026-03-20")
    shop.take(late)
    shop.take(early)
    assert shop.refunds() == {"11": 6000}
    shop.take(late, founder="F-A")
    assert shop.refunds() == {"11": 6000}
