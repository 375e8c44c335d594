"""Cafe24: order list of an own shop, in which what an order came to stands on all its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from sample.exports.cells import Amount, Cell, Moment
from sample.exports.draft import Draft
from sample.exports.lines import Line, Stage
from sample.exports.pages import Page
from sample.exports.told import Telling, figures, told
from scoring.intake.formats.declarations import FormatName

_STATUS = {
    Stage.UNPAID: "입금전",
    Stage.PAID: "배송준비중",
    Stage.SENT: "배송중",
    Stage.DELIVERED: "배송완료",
    Stage.DECIDED: "구매확정",
    Stage.ASKED: "반품접수",
    Stage.WITHDRAWN: "취소철회",
    Stage.CANCELLED: "취소완료",
    Stage.RETURNED: "반품완료",
}
_CAUSES = {"seller": "K: 상품불량", "buyer": "A: 고객변심", "platform": "택배사분실"}
_HEADER = (
    *("주문일시", "결제일시(입금확인일)", "주문번호", "품목별 주문번호", "상품명(한국어 쇼핑몰)"),
    *("상품옵션", "상품품목코드", "수량", "판매가", "상품구매금액(KRW)", "총주문금액", "결제금액"),
    *("총 배송비", "주문서 쿠폰 할인금액", "사용한 적립금액(최종)", "실제 환불금액", "환불완료일"),
    *(
        "사유구분",
        "주문상태",
        "배송시작일",
        "배송완료일",
        "주문자명",
        "주문자ID",
        "주문자 휴대전화",
    ),
    *("수령인", "수령인 휴대전화", "수령인 주소", "배송메시지"),
)


def order_list(name: str, lines: Sequence[Line], *, founder: str, on: date) -> Draft:
    """The order list of a day; a discount is one of the order, and so is what was given back."""
    orders = [list(own) for _, own in groupby(lines, key=lambda line: line.order)]
    page = Page(
        header=_HEADER,
        rows=[_row(line, order, on) for order in orders for line in order],
        sheet="주문내역",
    )
    telling = Telling(
        channel=lambda line: "cafe24",
        order_line=_line_number,
        buyer=lambda line: line.buyer.account,
        shipping=True,
        parts=True,
        claim_days=True,
        causes=True,
    )
    truth = told(lines, telling, founder=founder, on=on, last_day=page.last_day)
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.CAFE24,
        founder=founder,
        truth=truth,
        expected=figures(truth, rows=page.rows_below_header),
        about=f"Order list as of {on}: the order's total, shipping, coupon and refund stand on "
        "each of its lines; orders that nobody paid among them.",
    )


def with_coupons(lines: Sequence[Line]) -> list[Line]:
    """The lines with the discounts of their order dealt out by price, in whole won.

    An own shop gives coupons on an order. Each line bears its part, rounded so that the parts of
    the lines so far never come to more than their share.
    """
    found = []
    for _, own in groupby(lines, key=lambda line: line.order):
        order = list(own)
        coupon, whole = sum(n.discount for n in order), sum(n.gross for n in order)
        reached = borne = 0
        for line in order:
            reached += line.gross
            part = coupon * reached // whole - borne
            borne += part
            refund = min(line.refund, line.gross - part)
            found.append(replace(line, discount=part, refund=refund))
    return found


def _line_number(line: Line) -> str:
    return f"{_order_number(line)}-{line.number:02d}"


def _order_number(line: Line) -> str:
    return f"{line.ordered_at:%Y%m%d}-{line.order[-7:]}"


def _row(line: Line, order: Sequence[Line], on: date) -> list[Cell]:
    shipping = sum(one.shipping for one in order)
    coupon = sum(one.discount for one in order)
    total = sum(one.gross for one in order)
    back = sum(one.given_back(on) for one in order)
    own = line.given_back(on)
    return [
        *(Moment(line.ordered_at), _moment(line.by(line.paid_on, on)), _order_number(line)),
        *(_line_number(line), line.title, line.option, f"P{line.product:07d}", line.quantity),
        *(Amount(line.unit_price), Amount(line.gross), Amount(total + shipping)),
        *(Amount(total + shipping - coupon), Amount(shipping), Amount(coupon), Amount(0)),
        *(Amount(back), _moment(line.refunded_on if own else None)),
        *(_CAUSES[line.cause] if own else "", _STATUS[line.stage(on)]),
        *map(_moment, (line.sent_by(on), line.delivered_by(on))),
        *(line.buyer.name, line.buyer.account, line.buyer.phone),
        *(line.recipient.name, line.recipient.phone, line.recipient.address, line.remark),
    ]


def _moment(day: date | None) -> Cell:
    return None if day is None else Moment(day)
