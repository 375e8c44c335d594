"""The dirt of shops' exports as people have them: what becomes of orders, and of their money.

A test per group, each file written by hand.
"""

from __future__ import annotations

from datetime import date

import pytest

from scoring.base.errors import FileError
from tests.intake.formats.conftest import FIRST, HEADER, SECOND, SMARTSTORE, WHOLE, Shop


def test_group_6_the_same_file_twice(shop: Shop) -> None:
    first, again = shop.take(SMARTSTORE), shop.take(SMARTSTORE)
    assert (first.added, again.added, again.corrected, again.repeated) == (2, 0, 0, 2)
    assert again.net_sales == first.net_sales == 17340


def test_group_6_a_later_export_changes_a_status_and_keeps_the_history(shop: Shop) -> None:
    shop.take(SMARTSTORE)
    later = "\n".join([HEADER, SECOND.replace("구매확정", "반품완료"), FIRST])
    receipt = shop.take(later)
    assert shop.sales() == WHOLE
    assert shop.refunds() == {"2026030200000011": 5000}
    assert (receipt.cancelled, receipt.net_sales) == (1, 12340)


def test_group_6_whole_blocks_that_stand_twice_count_once(shop: Shop) -> None:
    receipt = shop.take("\n".join([HEADER, FIRST, SECOND, FIRST, SECOND]))
    assert shop.sales() == WHOLE
    assert (receipt.repeated, receipt.net_sales) == (2, 17340)


@pytest.mark.parametrize(
    ("status", "claim", "back"),
    [
        *(("취소", "취소완료", True), ("반품", "반품완료", True), ("배송완료", "교환완료", False)),
        *(("배송완료", "취소철회", False), ("배송완료", "반품요청", False)),
        ("반품완료(환불완료)", "", True),
    ],
)
def test_group_7_cancellations_as_a_status(status: str, claim: str, back: bool, shop: Shop) -> None:
    shop.take("\n".join([HEADER, FIRST.replace("배송완료,", f"{status},{claim}"), SECOND]))
    assert shop.sales() == WHOLE
    assert shop.refunds() == ({"2026030100000011": 12340} if back else {})


ESM_SETTLEMENT = """\
옥션 판매진행 내역
체결일,입금확인일,구매결정일,환불일,주문번호,장바구니번호,주문수량,판매가격,\
판매자 최종정산금,서비스이용료
2026-03-01,2026-03-01,2026-03-09,,4100000001,71,2,"20,000","17,600","2,400"
2026-03-02,2026-03-02,2026-03-10,,4100000002,72,1,"9,000","7,920","1,080"
"""


@pytest.mark.parametrize(
    ("pieces", "amount", "left"), [(-2, "-20,000", 20_000), (-1, "-10,000", 10_000)]
)
def test_group_7_a_refund_as_a_negative_row_after_settlement(
    pieces: int, amount: str, left: int, shop: Shop
) -> None:
    back = f'2026-03-01,2026-03-01,,2026-03-20,4100000001,71,{pieces},"{amount}","{amount}",0\n'
    receipt = shop.take(ESM_SETTLEMENT + back)
    assert shop.sales() == {"4100000001": 20_000, "4100000002": 9_000}
    assert shop.refunds() == {"4100000001": left}
    assert {n.event_date for n in shop.lines() if n.entry == "refund"} == {date(2026, 3, 20)}
    assert {n.channel for n in shop.lines()} == {"auction"}
    assert (receipt.cancelled, receipt.net_sales) == (1, 29_000 - left)


COUPANG_ORDERS = """\
번호,묶음배송번호,주문번호,주문일,등록상품명,옵션ID,구매수(수량),옵션판매가(판매단가),결제액,배송비,구매자
1,81,31001,2026-03-01 10:00,지어낸 것,7001,4,2500,"10,000",0,홍*동
2,82,31002,2026-03-02 10:00,지어낸 것,7002,1,8000,"8,000","3,000",홍*동
"""
COUPANG_CLAIMS = """\
접수번호,주문번호,옵션ID,접수구분,접수일,완료일,상태,구매수량,취소/반품수량,환불금액,귀책
51,31001,7001,반품,2026-03-05,2026-03-08,반품완료,4,1,"2,500",셀러귀책
52,31002,7002,교환,2026-03-05,2026-03-09,교환완료,1,1,0,고객귀책
53,31002,7002,반품,2026-03-06,,반품접수,1,1,"8,000",고객귀책
"""


def test_group_7_cancellations_in_a_file_of_their_own_in_either_order(shop: Shop) -> None:
    waiting = shop.take(COUPANG_CLAIMS)
    assert (waiting.quarantined, shop.lines()) == (1, [])
    shop.take(COUPANG_ORDERS)
    assert shop.sales() == {"31001-7001": 10_000, "31002-7002": 8_000}
    assert shop.refunds() == {"31001-7001": 2_500}
    refund = next(n for n in shop.lines() if n.entry == "refund")
    assert (refund.event_date, refund.refund_cause) == (date(2026, 3, 8), "seller")


def test_group_7_a_part_of_the_quantity(shop: Shop) -> None:
    header = (
        "주문번호,주문순번,주문일시,결제일시,수량,주문금액,주문상태,클레임상태,취소수량,취소완료일"
    )
    row = "2026030100001,1,2026-03-01,2026-03-01,4,10000,배송완료,취소완료,1,2026-03-04"
    shop.take(f"{header}\n{row}\n")
    assert shop.sales() == {"2026030100001-1": 10_000}
    assert shop.refunds() == {"2026030100001-1": 2_500}


def test_group_7_a_list_of_claims_does_not_overrule_a_discount(shop: Shop) -> None:
    orders = (
        "상품주문번호,주문일시,결제일,주문상태,수량,상품별 할인액,상품별 총 주문금액\n"
        "11,2026-03-01,2026-03-01,배송완료,1,1000,9000\n"
    )
    claims = (
        "상품주문번호,주문일시,결제일,클레임상태,환불완료일,수량,상품별 총 주문금액\n"
        "11,2026-03-01,2026-03-01,반품완료,2026-03-20,1,9000\n"
    )
    shop.take(orders)
    shop.take(claims)
    assert shop.sales() == {"11": 9_000}
    assert shop.refunds() == {"11": 9_000}


def test_group_8_the_order_day_is_the_day_of_a_sale(shop: Shop) -> None:
    row = FIRST.replace("2026-03-01 09:13:00", "2026-03-04 08:00:00")
    shop.take("\n".join([HEADER, row]))
    [line] = shop.lines()
    assert (line.event_date, line.paid_on) == (date(2026, 3, 1), date(2026, 3, 4))


def test_group_8_a_settlement_stands_on_its_own_day_until_an_order_list_tells(shop: Shop) -> None:
    settlement = (
        "상품주문번호,구분,정산기준금액(A),정산예정금액,정산상태,정산완료일\n"
        "2026030100000011,상품주문,12340,12000,일반정산,2026-03-20\n"
    )
    receipt = shop.take(settlement)
    assert [line.event_date for line in shop.lines()] == [date(2026, 3, 20)]
    assert any("the day of settlement counts" in note for note in receipt.notes)
    shop.take(SMARTSTORE)
    first = shop.lines()[0]
    assert (first.event_date, first.settled_on) == (date(2026, 3, 1), date(2026, 3, 20))
    assert shop.sales() == WHOLE


def test_group_8_a_planned_settlement_is_not_how_far_an_export_goes(shop: Shop) -> None:
    header = HEADER.replace("구매자ID", "정산예정일")
    row = FIRST.replace("배송완료", "취소완료").replace("견본하나", "2026-04-20")
    shop.take("\n".join([header, row, SECOND.replace("견본둘", "2026-04-21")]))
    [refund] = [line for line in shop.lines() if line.entry == "refund"]
    assert (refund.event_date, refund.day_inferred) == (date(2026, 3, 2), True)


CAFE24 = """\
주문일시,결제일시(입금확인일),주문번호,품목별 주문번호,수량,판매가,상품구매금액(KRW),\
총주문금액,결제금액,총 배송비,주문서 쿠폰 할인금액,실제 환불금액,주문상태
2026-03-01,2026-03-01,20260301-1,20260301-1-01,1,10000,10000,"18,000","17,200","3,000",800,0,배송완료
2026-03-01,2026-03-01,20260301-1,20260301-1-02,1,5000,5000,"18,000","17,200","3,000",800,0,배송완료
"""


def test_group_9_shipping_and_totals_repeated_on_each_item_count_once(shop: Shop) -> None:
    receipt = shop.take(CAFE24)
    lines = shop.lines()
    assert sum(line.gross for line in lines) == 15_000
    assert sum(line.discount for line in lines) == 800
    assert sum(line.shipping for line in lines) == 3_000
    assert receipt.net_sales == 14_200


def test_group_9_only_coupons_that_the_seller_pays_are_taken_off(shop: Shop) -> None:
    header = (
        "아이디,주문일자(결제확인전),결제완료일,주문번호,장바구니번호(결제번호),수량,판매금액,"
        "판매자쿠폰할인,구매쿠폰적용금액,스마일캐시적립,주문상태"
    )
    shop.take(f"{header}\nG_a,2026-03-01,2026-03-01,41,71,1,10000,500,2000,300,배송완료\n")
    [line] = shop.lines()
    assert (line.gross, line.discount, line.channel) == (10_000, 500, "gmarket")


def test_group_9_amounts_include_vat_and_the_receipt_says_so(shop: Shop) -> None:
    assert "Amounts include VAT, as the export has them." in shop.take(SMARTSTORE).notes


def test_group_10_money_put_in_and_advertising_are_no_sales(shop: Shop) -> None:
    settlement = (
        "상품주문번호,구분,정산기준금액(A),정산예정금액,정산완료일\n"
        "11,상품주문,9000,8500,2026-03-20\n"
        "12,배송비,3000,2900,2026-03-20\n"
        "13,충전,50000,50000,2026-03-20\n"
        "14,광고비,-20000,-20000,2026-03-20\n"
    )
    receipt = shop.take(settlement)
    assert shop.sales() == {"11": 9_000}
    assert receipt.left_out == {"shipping": 1, "top_up": 1, "advertising": 1}


def test_group_10_a_settlement_in_two_parts_is_one_sale(shop: Shop) -> None:
    shop.take(
        "주문번호,옵션ID,매출인식일,정산일,지급비율,판매수량,매출금액,판매수수료\n"
        '31001,7001,2026-03-09,2026-03-15,70%,4,"10,000","1,080"\n'
        '31001,7001,2026-03-09,2026-04-30,30%,4,"10,000","1,080"\n'
    )
    assert shop.sales() == {"31001-7001": 10_000}


def test_group_10_a_settlement_that_names_no_market_says_so(shop: Shop) -> None:
    receipt = shop.take(ESM_SETTLEMENT.replace("옥션 판매진행 내역", "판매진행 내역"))
    assert {line.channel for line in shop.lines()} == {"esmplus"}
    assert any("whether it is of Gmarket or of Auction" in note for note in receipt.notes)


def test_group_10_supply_to_a_retailer_is_no_known_format(shop: Shop) -> None:
    with pytest.raises(FileError, match="no known form"):
        shop.take("구분,번호,SKU번호,입고/반출시각,수량,공급가액\n발주,1,9,2026-03-01,3,1000\n")


@pytest.mark.parametrize("masked", ["홍*동", "견본****", "0504-1234-5678", "-", ""])
def test_group_11_a_masked_buyer_is_unknown(masked: str, shop: Shop) -> None:
    shop.take("\n".join([HEADER, FIRST.replace("견본하나", masked), SECOND]))
    first, second = shop.lines()
    assert first.buyer is None
    assert second.buyer is not None


def test_group_12_orders_of_one_shop_are_not_taken_for_two_founders(shop: Shop) -> None:
    shop.take(SMARTSTORE)
    with pytest.raises(FileError, match="on file under another founder"):
        shop.take(SMARTSTORE, founder="F-B")


@pytest.mark.parametrize(
    ("header", "amount", "currency"),
    [
        ("상품구매금액(USD)", "12.50", "USD"),
        ("상품구매금액", '"US$12.50"', "USD"),
        ("상품구매금액(USD)", '"$12.50"', "USD"),
        ("상품구매금액(JPY)", "1250", "JPY"),
    ],
)
def test_group_13_a_sale_abroad_keeps_its_currency(
    header: str, amount: str, currency: str, shop: Shop
) -> None:
    shop.take(
        f"주문일시,결제일시(입금확인일),품목별 주문번호,수량,{header},주문상태\n"
        f"2026-03-01,2026-03-01,1-01,1,{amount},배송완료\n"
    )
    [line] = shop.lines()
    assert (line.gross, line.currency) == (1250, currency)


def test_group_14_an_export_tells_of_its_own_days_alone(shop: Shop) -> None:
    """Months that no export covers are unknown: nothing is made up for them."""
    receipt = shop.take(SMARTSTORE)
    assert (receipt.first_day, receipt.last_day) == ("2026-03-01", "2026-03-02")
    later = SMARTSTORE.replace("2026-03", "2026-05").replace("202603", "202605")
    receipt = shop.take(later)
    assert (receipt.first_day, receipt.last_day) == ("2026-05-01", "2026-05-02")
    assert {line.event_date.month for line in shop.lines()} == {3, 5}


def test_group_14_an_export_without_orders_says_nothing(shop: Shop) -> None:
    receipt = shop.take(HEADER + "\n")
    assert (receipt.rows, receipt.first_day, shop.lines()) == (0, None, [])
