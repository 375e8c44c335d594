"""Naver SmartStore: order list, list of cancellations and returns, settlement per case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from sample.exports.cells import Amount, Cell, Digits, Moment
from sample.exports.draft import Draft
from sample.exports.lines import Line, Stage
from sample.exports.pages import Page
from sample.exports.told import Telling, figures, told
from scoring.intake.formats.declarations import FormatName

_STATUS = {
    Stage.UNPAID: ("결제대기", ""),
    Stage.PAID: ("발송대기", ""),
    Stage.SENT: ("배송중", ""),
    Stage.DELIVERED: ("배송완료", ""),
    Stage.DECIDED: ("구매확정", ""),
    Stage.ASKED: ("배송완료", "반품요청"),
    Stage.WITHDRAWN: ("배송완료", "반품철회"),
    Stage.CANCELLED: ("취소", "취소완료"),
    Stage.RETURNED: ("반품", "반품완료"),
}
_CAUSES = {
    "seller": ("판매자", "상품불량"),
    "buyer": ("구매자", "단순 변심"),
    "platform": ("택배사귀책", ""),
}
_GUIDE = "다운로드 받은 파일로 '엑셀 일괄발송' 처리하는 방법: 지어낸 안내문입니다."
_ORDER_HEADER = (
    *(
        "상품주문번호",
        "주문번호",
        "주문일시",
        "결제일",
        "주문상태",
        "클레임상태",
        "수량클레임 여부",
    ),
    *(
        "구매자명",
        "구매자ID",
        "구매자연락처",
        "수취인명",
        "수취인연락처1",
        "통합배송지",
        "배송메세지",
    ),
    *("상품번호", "상품명", "옵션정보", "수량", "상품가격", "옵션가격", "상품별 할인액"),
    *("판매자 부담 할인액", "상품별 총 주문금액", "최종 상품별 총 주문금액", "배송비 묶음번호"),
    *("배송비 합계", "네이버페이 주문관리 수수료", "매출연동 수수료", "정산예정금액"),
    *("발송처리일", "배송완료일", "구매확정일"),
)
_CLAIM_HEADER = (
    *("상품주문번호", "주문번호", "주문일시", "결제일", "클레임상태", "클레임요청일", "환불완료일"),
    *("귀책", "클레임사유", "구매자명", "구매자ID", "상품명", "수량", "상품별 총 주문금액"),
)
_SETTLEMENT_HEADER = (
    *(
        "주문번호",
        "상품주문번호",
        "구분",
        "상품명",
        "구매자명",
        "정산기준금액(A)",
        "Npay 수수료(B)",
    ),
    *("매출연동 수수료 합계(C)", "무이자할부 수수료(D)", "정산예정금액", "정산상태", "정산완료일"),
)


def order_list(name: str, lines: Sequence[Line], *, founder: str, on: date) -> Draft:
    """The order list of a day: guide above, one shipping charge on all lines of an order."""
    shipping = _shipping_of_orders(lines)
    page = Page(
        header=_ORDER_HEADER,
        rows=[_order_row(line, shipping[line.order], on) for line in lines],
        titles=[(_GUIDE,)],
        sheet="발주발송관리",
    )
    telling = Telling(
        channel=lambda line: "smartstore",
        order_line=lambda line: line.line_number,
        buyer=_buyer,
        fee=True,
        shipping=True,
        parts=True,
    )
    truth = told(lines, telling, founder=founder, on=on, last_day=page.last_day)
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.SMARTSTORE,
        founder=founder,
        truth=truth,
        expected=figures(truth, rows=page.rows_below_header),
        about=f"Order list as of {on}: a guide above the header, statuses that change later, "
        "shipping repeated on every line of an order, parts given back.",
    )


def claim_list(name: str, lines: Sequence[Line], *, founder: str, on: date) -> Draft:
    """Cancellations and returns that are done, with their days and causes: a second file."""
    done = [line for line in lines if line.stage(on) in (Stage.CANCELLED, Stage.RETURNED)]
    page = Page(header=_CLAIM_HEADER, rows=[_claim_row(line, on) for line in done])
    telling = Telling(
        channel=lambda line: "smartstore",
        order_line=lambda line: line.line_number,
        buyer=_buyer,
        discount=False,
        claim_days=True,
        causes=True,
    )
    truth = told(done, telling, founder=founder, on=on, last_day=page.last_day)
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.SMARTSTORE,
        founder=founder,
        truth=truth,
        expected=figures(truth, rows=page.rows_below_header),
        about=f"Cancellations and returns up to {on} in a file of their own, with day and cause.",
    )


def settlement(name: str, lines: Sequence[Line], *, founder: str, on: date) -> Draft:
    """Settlement per case: repeats sales, negative rows for returns, shipping, a top-up."""
    settled = [line for line in lines if line.by(line.settled_on, on)]
    rows: list[Sequence[Cell]] = [_settled_row(line) for line in settled]
    rows += [_shipping_row(line) for line in settled if line.shipping]
    rows.append((None, Digits("2026000000000001"), "충전", "지어낸 비즈월렛", "", Amount(50_000)))
    page = Page(
        header=_SETTLEMENT_HEADER,
        rows=[(*row, *[None] * (len(_SETTLEMENT_HEADER) - len(row))) for row in rows],
        totals=[("합계", "", "", "", "", Amount(sum(line.net for line in settled)))],
    )
    telling = Telling(
        channel=lambda line: "smartstore",
        order_line=lambda line: line.line_number,
        buyer=lambda line: line.buyer.name,
        fee=True,
        discount=False,
        paid_on=False,
        settled=True,
        states=False,
    )
    truth = told(settled, telling, founder=founder, on=on, last_day=page.last_day)
    # A settlement knows no day of the order; the day on which it was settled stands in for it,
    # until an order list tells better. Nor does it know how many pieces there were.
    truth = truth.assign(ordered_on=truth["settled_on"], quantity=1)
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.SMARTSTORE,
        founder=founder,
        truth=truth,
        expected=figures(truth, rows=page.rows_below_header),
        about="Settlement per case: it repeats the sales of the order list, with rows of shipping "
        "and of money put in, and a total at the foot.",
    )


def _buyer(line: Line) -> str:
    return "" if _is_masked(line) else line.buyer.account


def _shown_buyer(line: Line) -> tuple[str, str]:
    """Name and account as the shop shows them."""
    if _is_masked(line):
        return line.buyer.masked_name, f"{line.buyer.account[:3]}****"
    return line.buyer.name, line.buyer.account


def _is_masked(line: Line) -> bool:
    return int(line.order) % 5 == 0


def _shipping_of_orders(lines: Sequence[Line]) -> dict[str, int]:
    orders = groupby(lines, key=lambda line: line.order)
    return {order: sum(line.shipping for line in own) for order, own in orders}


def _order_row(line: Line, shipping: int, on: date) -> list[Cell]:
    stage = line.stage(on)
    status, claim = _STATUS[stage]
    back = line.given_back(on)
    fee = line.fee // 3
    return [
        *(Digits(line.line_number), Digits(line.order), Moment(line.ordered_at)),
        _moment(line.by(line.paid_on, on)),
        *(status, claim, "Y" if back and not line.is_given_back_whole else "N"),
        *(*_shown_buyer(line), line.buyer.phone),
        *(line.recipient.name, line.recipient.phone, line.recipient.address),
        *(line.remark, str(line.product), line.title, line.option, line.quantity),
        *(Amount(line.unit_price), Amount(0), Amount(line.discount), Amount(line.discount)),
        *(Amount(line.net), Amount(line.net - back), f"S{line.order}", Amount(shipping)),
        *(Amount(fee), Amount(line.fee - fee), Amount(line.net - line.fee)),
        *map(_moment, (line.sent_by(on), line.delivered_by(on), line.decided_by(on))),
    ]


def _claim_row(line: Line, on: date) -> list[Cell]:
    fault, reason = _CAUSES[line.cause]
    return [
        *(Digits(line.line_number), Digits(line.order), Moment(line.ordered_at)),
        *(Moment(line.paid_on), _STATUS[line.stage(on)][1], _moment(line.refunded_on)),
        *(_moment(line.refunded_on), fault, reason, *_shown_buyer(line)),
        *(line.title, line.quantity, Amount(line.net)),
    ]


def _settled_row(line: Line) -> list[Cell]:
    fee = line.fee // 3
    return [
        *(Digits(line.order), Digits(line.line_number), "상품주문", line.title, line.buyer.name),
        *(Amount(line.net), Amount(-fee), Amount(fee - line.fee), Amount(0)),
        *(Amount(line.net - line.fee), "일반정산", _moment(line.settled_on)),
    ]


def _shipping_row(line: Line) -> list[Cell]:
    return [
        *(Digits(line.order), Digits(f"9{line.line_number}"), "배송비", "", line.buyer.name),
        *(Amount(line.shipping), Amount(0), Amount(0), Amount(0), Amount(line.shipping)),
        *("일반정산", _moment(line.settled_on)),
    ]


def _moment(day: date | None) -> Cell:
    return None if day is None else Moment(day)
