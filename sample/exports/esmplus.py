"""ESM Plus (Gmarket and Auction): order grid, and the settlement with refunds as negative rows."""

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
    Stage.UNPAID: "입금대기",
    Stage.PAID: "결제완료",
    Stage.SENT: "배송중",
    Stage.DELIVERED: "배송완료",
    Stage.DECIDED: "구매결정완료",
    Stage.ASKED: "반품신청",
    Stage.WITHDRAWN: "반품철회",
    Stage.CANCELLED: "취소완료",
    Stage.RETURNED: "반품완료",
}
_MARKETS = {"gmarket": "G마켓", "auction": "옥션"}
_ORDER_HEADER = (
    *("아이디", "주문일자(결제확인전)", "결제완료일", "주문번호", "장바구니번호(결제번호)"),
    *("상품번호", "상품명", "수량", "주문옵션", "추가구성", "사은품", "판매단가", "판매금액"),
    *(
        "배송비",
        "배송비 금액",
        "서비스이용료",
        "정산예정금액",
        "판매자쿠폰할인",
        "구매쿠폰적용금액",
    ),
    *(
        "(옥션)우수회원할인",
        "복수구매할인",
        "스마일캐시적립",
        "주문상태",
        "발송일자",
        "배송완료일자",
    ),
    *("구매결정일자", "정산완료일자", "구매자명", "구매자ID", "구매자 휴대폰", "수령인명"),
    *("수령인 휴대폰", "우편번호", "주소", "배송시 요구사항"),
)
_SETTLEMENT_HEADER = (
    *(
        "체결일",
        "입금확인일",
        "구매결정일",
        "환불일",
        "주문번호",
        "장바구니번호",
        "상품번호",
        "상품명",
    ),
    *("주문수량", "판매가격", "고객결제금(구. 구매대금)", "판매자 정산요청가(구. 공급원가)"),
    *("판매자 최종정산금", "서비스이용료"),
)


def order_list(name: str, lines: Sequence[Line], *, founder: str, on: date) -> Draft:
    """The order grid of both markets on a day; the account's first letter tells which."""
    shipping = {
        order: sum(line.shipping for line in own)
        for order, own in groupby(lines, key=lambda line: line.order)
    }
    page = Page(
        header=_ORDER_HEADER,
        rows=[_order_row(line, shipping[line.order], on) for line in lines],
        sheet="주문관리",
    )
    telling = Telling(
        channel=lambda line: line.channel,
        order_line=lambda line: line.line_number,
        buyer=_buyer,
        fee=True,
        shipping=True,
        settled=True,
    )
    truth = told(lines, telling, founder=founder, on=on, last_day=page.last_day)
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.ESMPLUS,
        founder=founder,
        truth=truth,
        expected=figures(truth, rows=page.rows_below_header),
        about=f"Order grid as of {on}: Gmarket and Auction in one, some buyers masked; a "
        "cancellation is a status and has no day.",
    )


def settlement(name: str, lines: Sequence[Line], *, founder: str, market: str, on: date) -> Draft:
    """The settlement of one market: a refund is a second, negative row with a day of its own."""
    settled = [line for line in lines if line.channel == market and line.decided_on <= on]
    rows = [_sold_row(line, on) for line in settled]
    rows += [_refund_row(line, on) for line in settled if line.given_back(on)]
    page = Page(
        header=_SETTLEMENT_HEADER,
        rows=rows,
        titles=[(f"{_MARKETS[market]} 판매진행 내역",)],
        totals=[("합계", *[None] * 8, Amount(sum(line.gross for line in settled)))],
    )
    telling = Telling(
        channel=lambda line: market,
        order_line=lambda line: line.line_number,
        fee=True,
        discount=False,
        full_price=True,
        parts=True,
        claim_days=True,
    )
    truth = told(settled, telling, founder=founder, on=on, last_day=page.last_day)
    expected = figures(truth, rows=page.rows_below_header)
    refunds = sum(1 for line in settled if line.given_back(on))
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.ESMPLUS,
        founder=founder,
        truth=truth,
        expected=expected | {"accepted": expected["accepted"] + refunds},
        about="Settlement of one market: it repeats the sales of the order grid, and a refund is "
        "a negative row beside the sale.",
    )


def _buyer(line: Line) -> str:
    return "" if _is_masked(line) else line.buyer.account


def _is_masked(line: Line) -> bool:
    return int(line.order) % 3 == 0


def _order_row(line: Line, shipping: int, on: date) -> list[Cell]:
    masked = _is_masked(line)
    return [
        f"{'G' if line.channel == 'gmarket' else 'A'}_지어낸가게",
        *(Moment(line.ordered_at), _moment(line.by(line.paid_on, on))),
        *(Digits(line.line_number), Digits(line.order), str(line.product), line.title),
        *(line.quantity, line.option, "", "=지어낸 사은품", Amount(line.unit_price)),
        *(Amount(line.gross), "선결제" if shipping else "무료", Amount(shipping), Amount(line.fee)),
        *(Amount(line.net - line.fee), Amount(line.discount), Amount(0), Amount(0), Amount(0)),
        *(Amount(0), _STATUS[line.stage(on)]),
        *map(_moment, (line.sent_by(on), line.delivered_by(on), line.decided_by(on))),
        _moment(line.by(line.settled_on, on)),
        line.buyer.masked_name if masked else line.buyer.name,
        f"{line.buyer.account[:3]}***" if masked else line.buyer.account,
        *("050-4000-0000", line.recipient.name, line.recipient.phone, "00000"),
        *(line.recipient.address, line.remark),
    ]


def _sold_row(line: Line, on: date) -> list[Cell]:
    return [
        *(Moment(line.ordered_on), Moment(line.paid_on), _moment(line.decided_by(on)), None),
        *(Digits(line.line_number), Digits(line.order), str(line.product), line.title),
        *(line.quantity, Amount(line.gross), Amount(line.net), Amount(line.net - line.fee)),
        *(Amount(line.net - line.fee), Amount(line.fee)),
    ]


def _refund_row(line: Line, on: date) -> list[Cell]:
    back = line.given_back(on)
    whole = line.is_given_back_whole
    price, pieces = (line.gross, line.quantity) if whole else (back, 1)
    return [
        *(Moment(line.ordered_on), Moment(line.paid_on), None, _moment(line.refunded_on)),
        *(Digits(line.line_number), Digits(line.order), str(line.product), line.title),
        *(-pieces, Amount(-price), Amount(-back), Amount(-back), Amount(-back), Amount(0)),
    ]


def _moment(day: date | None) -> Cell:
    return None if day is None else Moment(day)
