"""Coupang Wing: list of deliveries, cancellations and returns, settlement in two parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from sample.exports.cells import Amount, Cell, Digits, Moment
from sample.exports.draft import Draft
from sample.exports.lines import Line, Stage
from sample.exports.pages import Page
from sample.exports.told import Telling, figures, told
from scoring.intake.formats.declarations import FormatName
from scoring.records.kinds import RecordKind

_ORDER_HEADER = (
    *("번호", "묶음배송번호", "주문번호", "택배사", "운송장번호", "주문일", "출고일(발송일)"),
    *("배송완료일", "구매확정일자", "등록상품명", "등록옵션명", "노출상품ID", "노출상품명(옵션명)"),
    *("옵션ID", "구매수(수량)", "옵션판매가(판매단가)", "결제액", "배송비", "배송유형", "구매자"),
    *("구매자전화번호", "수취인이름", "수취인전화번호", "우편번호", "수취인 주소", "배송메세지"),
)
_CLAIM_HEADER = (
    *("접수번호", "주문번호", "옵션ID", "접수구분", "접수일", "완료일", "상태", "등록상품명"),
    *("구매수량", "취소/반품수량", "환불금액", "귀책", "사유", "구매자"),
)
_SETTLEMENT_HEADER = (
    *("주문번호", "옵션ID", "등록상품명", "매출인식일", "정산일", "지급비율", "판매수량"),
    *("매출금액", "판매수수료", "지급액"),
)
_FAULTS = {"seller": "셀러귀책", "buyer": "고객귀책", "platform": "쿠팡귀책"}
_EXCHANGES = 2
_LINE = Telling(
    channel=lambda line: "coupang", order_line=lambda line: f"{line.order}-{option_id(line)}"
)


def option_id(line: Line) -> str:
    """Number of the option bought: with the order's it names the line."""
    return f"7{line.product:05d}{line.number:03d}"


def order_list(name: str, lines: Sequence[Line], *, founder: str, on: date) -> Draft:
    """The list of deliveries: it has no status, so cancellations are in another file."""
    paid = [line for line in lines if line.stage(on) is not Stage.UNPAID]
    shipping = {
        order: sum(line.shipping for line in own)
        for order, own in groupby(paid, key=lambda line: line.order)
    }
    rows = [_order_row(n, line, shipping[line.order], on) for n, line in enumerate(paid, start=1)]
    page = Page(header=_ORDER_HEADER, rows=rows, sheet="Delivery")
    telling = Telling(
        channel=_LINE.channel,
        order_line=_LINE.order_line,
        buyer=lambda line: "" if _is_masked(line) else line.buyer.name,
        shipping=True,
        discount=False,
        paid_on=False,
        states=False,
    )
    truth = told(paid, telling, founder=founder, on=on, last_day=page.last_day)
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.COUPANG,
        founder=founder,
        truth=truth,
        expected=figures(truth, rows=page.rows_below_header),
        about=f"List of deliveries as of {on}: no status and no buyers' numbers; what was "
        "cancelled is in the list of cancellations and returns.",
    )


def claim_list(name: str, lines: Sequence[Line], *, founder: str, on: date, follows: str) -> Draft:
    """Cancellations, returns, parts given back and exchanges; only what is done counts."""
    done = [line for line in lines if line.given_back(on)]
    asked = [line for line in lines if line.stage(on) is Stage.ASKED]
    exchanged = [line for line in lines if line.stage(on) is Stage.DECIDED][:_EXCHANGES]
    rows = [_claim_row(line, on) for line in (*done, *asked)]
    rows += [_exchange_row(line) for line in exchanged]
    page = Page(header=_CLAIM_HEADER, rows=rows)
    telling = Telling(
        channel=_LINE.channel,
        order_line=_LINE.order_line,
        parts=True,
        claim_days=True,
        causes=True,
        discount=False,
    )
    truth = told(done, telling, founder=founder, on=on, last_day=page.last_day)
    back = int(truth["refund"].sum())
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.COUPANG,
        founder=founder,
        truth=truth[
            ["founder", "channel", "order_line", "refund", "refunded_on", "currency"]
        ].assign(refund_cause=truth["refund_cause"]),
        expected={
            "rows": page.rows_below_header,
            "accepted": len(done),
            "cancelled": len(done),
            "net_sales": -back,
        },
        about=f"Cancellations and returns up to {on}, to be imported beside the list of "
        "deliveries; asked ones and exchanges among them do not count.",
        kind=RecordKind.REFUNDS,
        follows=follows,
    )


def settlement(name: str, lines: Sequence[Line], *, founder: str, on: date) -> Draft:
    """The settlement: 70 % of a sale in one row and 30 % in another, both naming the whole."""
    settled = [line for line in lines if line.fate == "sold" and line.by(line.settled_on, on)]
    rows = [row for line in settled for row in _settled_rows(line)]
    page = Page(
        header=_SETTLEMENT_HEADER,
        rows=rows,
        titles=[("지어낸 정산 상세내역",)],
        totals=[("총합계", *[None] * 6, Amount(sum(2 * line.net for line in settled)))],
    )
    telling = Telling(
        channel=_LINE.channel,
        order_line=_LINE.order_line,
        fee=True,
        discount=False,
        paid_on=False,
        settled=True,
        states=False,
    )
    truth = told(settled, telling, founder=founder, on=on, last_day=page.last_day)
    truth = truth.assign(ordered_on=[line.decided_on for line in settled])
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.COUPANG,
        founder=founder,
        truth=truth,
        expected=figures(truth, rows=page.rows_below_header),
        about="Settlement: each sale stands in two rows, of 70 and of 30 per cent, which both "
        "name the whole amount.",
    )


def _is_masked(line: Line) -> bool:
    return int(line.order) % 2 == 0


def _order_row(number: int, line: Line, shipping: int, on: date) -> list[Cell]:
    return [
        *(number, Digits(f"8{line.order}"), Digits(line.order), "지어낸택배", "0000-0000-0000"),
        Moment(line.ordered_at),
        *map(_moment, (line.sent_by(on), line.delivered_by(on), line.decided_by(on))),
        *(line.title, line.option, Digits(f"6{line.product:05d}"), f"{line.title}, {line.option}"),
        *(Digits(option_id(line)), line.quantity, Amount(line.unit_price), Amount(line.net)),
        *(Amount(shipping), "무료" if not shipping else "유료"),
        line.buyer.masked_name if _is_masked(line) else line.buyer.name,
        *("0504-0000-0000", line.recipient.name, line.recipient.phone, "00000"),
        *(line.recipient.address, line.remark),
    ]


def _claim_row(line: Line, on: date) -> list[Cell]:
    back = line.given_back(on)
    kind = "취소" if line.fate == "cancelled" else "반품"
    assert line.refunded_on is not None
    return [
        *(Digits(f"5{line.line_number}"), Digits(line.order), Digits(option_id(line)), kind),
        *(Moment(line.refunded_on - timedelta(days=1)), Moment(line.refunded_on) if back else None),
        *(f"{kind}완료" if back else f"{kind}접수", line.title, line.quantity, line.quantity),
        *(Amount(back), _FAULTS[line.cause], "지어낸 사유: 말로 적은 글", line.buyer.name),
    ]


def _exchange_row(line: Line) -> list[Cell]:
    return [
        *(Digits(f"4{line.line_number}"), Digits(line.order), Digits(option_id(line)), "교환"),
        *(Moment(line.delivered_on), Moment(line.decided_on), "교환완료", line.title),
        *(line.quantity, line.quantity, Amount(0), "고객귀책", "지어낸 사유", line.buyer.name),
    ]


def _settled_rows(line: Line) -> list[list[Cell]]:
    def row(day: date | None, share: int) -> list[Cell]:
        return [
            *(Digits(line.order), Digits(option_id(line)), line.title, Moment(line.decided_on)),
            *(_moment(day), f"{share}%", line.quantity, Amount(line.net), Amount(line.fee)),
            Amount((line.net - line.fee) * share / 100),
        ]

    first = line.decided_on
    return [row(first, 70), row(line.settled_on, 30)]


def _moment(day: date | None) -> Cell:
    return None if day is None else Moment(day)
