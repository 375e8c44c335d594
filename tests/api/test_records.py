"""What operators and lenders may rely on who send records over HTTP."""

from __future__ import annotations

import io
import json
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import schemathesis
from fastapi.testclient import TestClient
from httpx import Response
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import func, select
from structlog.testing import capture_logs

from api.records.schemas import ReceiptOut
from scoring.intake.importing import Request, import_records
from scoring.intake.telling.receipts import Receipt
from scoring.parties.keys import issue_operator_key, revoke_key
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from scoring.store.tables import (
    Application,
    AuditEvent,
    CashFlowLine,
    IdempotencyKey,
    Import,
    Loan,
    OrderLine,
    QuarantinedRow,
    Repayment,
)
from tests.api.conftest import Caller
from tests.builders import a_founder, a_lender, import_rows
from tests.conftest import new_sqlite_store

FOUNDER = "F-TEST000001"
NDJSON = {"Content-Type": "application/x-ndjson"}
CSV = {"Content-Type": "text/csv"}
SALES = "founder,channel,order_line,ordered_on,quantity,gross,currency\n"
SMARTSTORE = (
    "상품주문번호,주문번호,주문일시,주문상태,수량,상품별 총 주문금액,구매자명,수취인명\n"
    "2026050111111,2026050111,2026-05-01 10:12:13,구매확정,1,15000,홍길동,홍길동\n"
    "2026050222222,2026050222,2026-05-02 11:12:13,구매확정,2,24000,김철수,김철수\n"
    "2026050333333,2026050333,2026-05-03 12:12:13,취소,1,9000,이영희,이영희\n"
)


def _sale(**changes: object) -> dict[str, object]:
    return {
        "founder": FOUNDER,
        "channel": "own",
        "order_line": "O-1",
        "ordered_on": "2026-05-01",
        "quantity": 1,
        "gross": 12000,
        "currency": "KRW",
    } | changes


def _loan(**changes: object) -> dict[str, object]:
    return {
        "founder": FOUNDER,
        "loan": "K-1",
        "lender": "L-DEMO",
        "principal": 1_200_000,
        "currency": "KRW",
        "annual_rate": 0.055,
        "months": 12,
        "disbursed_on": "2026-02-01",
    } | changes


def _repayment(**changes: object) -> dict[str, object]:
    row = {"loan": "K-1", "repayment": "R-1", "paid_on": "2026-03-02", "amount": 100_000}
    return row | changes


def _lines(*rows: dict[str, object]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


class Sender:
    """A client that sends records, each with a key of its own unless one is given."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def rows(self, kind: str, *rows: dict[str, object], key: str = "", **options: Any) -> Response:
        return self.raw(kind, _lines(*rows), NDJSON, key=key, **options)

    def raw(
        self,
        kind: str,
        content: str | bytes,
        headers: dict[str, str],
        *,
        key: str = "",
        **options: Any,
    ) -> Response:
        return self.client.post(
            f"/v1/records/{kind}",
            content=content if isinstance(content, bytes) else content.encode(),
            headers=headers | self._key(key),
            params=options,
        )

    def form(self, kind: str, content: bytes, *, name: str, **options: Any) -> Response:
        return self.client.post(
            f"/v1/records/{kind}",
            files={"file": (name, content)},
            headers=self._key(""),
            params=options,
        )

    def _key(self, key: str) -> dict[str, str]:
        return {"Idempotency-Key": key or secrets.token_hex(8)}


class World:
    """A store with a founder and a lender, and who sends to it."""

    def __init__(self, database: Database, stack: ExitStack) -> None:
        self.database = database
        a_lender(database)
        self.founder = a_founder(database, FOUNDER)
        self._caller = Caller(database, stack)

    def operator_key(self, name: str = "O-CAMP") -> str:
        with self.database.writing() as ledger:
            return issue_operator_key(ledger, name, actor="test")

    def operator(self, name: str = "O-CAMP") -> Sender:
        client = self._caller.browser()
        client.headers["Authorization"] = f"Bearer {self.operator_key(name)}"
        return Sender(client)

    def lender(self, reference: str = "L-DEMO") -> Sender:
        return Sender(self._caller.lender(reference))

    def count(self, table: type) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def world(sqlite: Database) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(sqlite, stack)


@pytest.fixture
def world_on_each(database: Database) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(database, stack)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where uploads lie meanwhile; nothing of them may be left there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.glob("foothold-*")) == []


def test_json_lines_are_imported_and_the_receipt_says_what_they_came_to(
    world_on_each: World,
) -> None:
    answer = world_on_each.operator().rows(
        "sales", _sale(), _sale(order_line="O-2", gross=8000, buyer=None), _sale(order_line="O-3")
    )
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert (receipt["format"], receipt["kind"], receipt["wrapper"]) == ("plain", "sales", "json")
    assert (receipt["rows"], receipt["accepted"], receipt["added"]) == (3, 3, 3)
    assert (receipt["net_sales"], receipt["currency"]) == (32000, "KRW")
    assert world_on_each.count(OrderLine) == 3
    with world_on_each.database.reading() as session:
        entry = session.get_one(Import, receipt["import_id"])
        assert (entry.author, entry.source) == ("operator:O-CAMP", "plain")
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "records.imported")
        ).one()
        assert event.actor == "operator:O-CAMP"


def test_a_list_of_objects_is_the_same_as_lines(world: World) -> None:
    rows = [_sale(order_line=f"O-{number}") for number in range(900)]
    pretty = json.dumps(rows, indent=2)
    answer = world.operator().raw("sales", pretty, {"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["added"]) == (201, 900)
    again = world.operator().rows("sales", *rows)
    assert (again.json()["added"], again.json()["repeated"]) == (0, 900)


def test_numbers_in_json_keep_the_digits_that_were_written(world: World) -> None:
    line = _lines(_loan()).replace("0.055", "5.5e-2").replace("1200000", "1200000.00")
    answer = world.operator().raw("loans", line, NDJSON)
    assert answer.status_code == 201, answer.text
    with world.database.reading() as session:
        loan = session.scalars(select(Loan)).one()
    assert (loan.annual_rate, loan.principal) == (0.055, 1_200_000)


def _xlsx(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.to_excel(stream, index=False, engine="xlsxwriter")
    return stream.getvalue()


def _parquet(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.to_parquet(stream)
    return stream.getvalue()


def test_days_that_can_be_read_two_ways_are_read_as_the_sender_says(world: World) -> None:
    moves = "Date,Description,Withdrawals,Deposits,Balance\n03/04/26,MARKET,,1000,1000\n"
    sender = world.operator()
    refused = sender.raw("cash_flow", moves, CSV, founder=FOUNDER)
    assert refused.status_code == 422
    assert "the parameter dates" in refused.text
    read = sender.raw("cash_flow", moves, CSV, founder=FOUNDER, dates="day-first")
    assert (read.status_code, read.json()["first_day"]) == (201, "2026-04-03")


@pytest.mark.parametrize(
    ("sent_as", "wrapper"),
    [
        ("text/csv; charset=utf-8", "csv"),
        ("application/vnd.apache.parquet", "parquet"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        ("application/octet-stream", "json"),
        ("text/csv", "parquet"),  # what it is counts, not what it is called
    ],
)
def test_a_raw_file_is_read_for_what_it_is(world: World, sent_as: str, wrapper: str) -> None:
    frame = pd.DataFrame([_sale(), _sale(order_line="O-2")])
    content = {
        "csv": frame.to_csv(index=False).encode(),
        "parquet": _parquet(frame),
        "xlsx": _xlsx(frame),
        "json": _lines(_sale(), _sale(order_line="O-2")).encode(),
    }[wrapper]
    answer = world.operator().raw("sales", content, {"Content-Type": sent_as})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["wrapper"], answer.json()["added"]) == (wrapper, 2)
    assert answer.json()["file"] == "records"


def test_an_export_is_sent_as_a_form_and_gets_the_receipt_of_the_command(
    world_on_each: World, tmp_path: Path
) -> None:
    path = tmp_path / "스마트스토어_주문.csv"
    path.write_bytes(SMARTSTORE.encode("cp949"))
    answer = world_on_each.operator().form(
        "sales", path.read_bytes(), name=path.name, founder=FOUNDER, learned="2", dry_run="true"
    )
    assert answer.status_code == 200, answer.text
    sent = world_on_each.operator().form(
        "sales", path.read_bytes(), name=path.name, founder=FOUNDER, learned="2"
    )
    assert sent.status_code == 201, sent.text
    assert (sent.json()["format"], sent.json()["cancelled"]) == ("smartstore", 1)
    assert sent.json()["net_sales"] == 39000
    assert answer.json() == sent.json() | {"import_id": None}
    assert "홍길동" not in sent.text


def test_a_receipt_equals_that_of_the_command_for_the_same_file(
    world: World, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    path = tmp_path / "orders.csv"
    path.write_text(SMARTSTORE, encoding="utf-8-sig")
    twin = new_sqlite_store(
        world.database.settings.model_copy(update={"data_dir": other}), world.database.clock
    )
    a_founder(twin, FOUNDER)
    by_command = import_records(twin, path, Request(founder=FOUNDER)).as_dict()
    twin.engine.dispose()
    sent = world.operator().form("sales", path.read_bytes(), name="orders.csv", founder=FOUNDER)
    assert sent.json() == json.loads(json.dumps(by_command))
    assert list(sent.json()) == list(by_command)


def test_the_contract_describes_every_field_of_a_receipt() -> None:
    assert list(ReceiptOut.model_fields) == list(Receipt.__dataclass_fields__)


def test_a_dry_run_needs_no_key_and_stores_nothing(world_on_each: World) -> None:
    sender = world_on_each.operator()
    before = [world_on_each.count(t) for t in (AuditEvent, Import, OrderLine, IdempotencyKey)]
    answer = sender.client.post(
        "/v1/records/sales?dry_run=true", content=_lines(_sale()).encode(), headers=NDJSON
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["import_id"], answer.json()["added"]) == (None, 1)
    after = [world_on_each.count(t) for t in (AuditEvent, Import, OrderLine, IdempotencyKey)]
    assert after == before


def test_an_import_needs_a_key(world: World) -> None:
    answer = world.operator().client.post(
        "/v1/records/sales", content=_lines(_sale()).encode(), headers=NDJSON
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert world.count(Import) == 0


def test_the_same_key_and_content_give_the_same_receipt_and_import_nothing(
    world_on_each: World,
) -> None:
    content = (SALES.strip() + ",메모\n" + f"{FOUNDER},own,O-1,2026-05-01,1,12000,KRW,x\n").encode()
    sender = world_on_each.operator()
    first = sender.raw("sales", content, CSV, key="again", filename="a.csv")
    second = sender.raw("sales", content, CSV, key="again", filename="홍길동.csv")
    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert second.json() == first.json() | {"file": "홍길동.csv"}
    assert second.json()["ignored_columns"] == ["메모"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert (world_on_each.count(Import), world_on_each.count(IdempotencyKey)) == (1, 1)
    with world_on_each.database.reading() as session:
        kept = session.scalars(select(IdempotencyKey)).one().content or ""
    assert "csv" not in kept.replace('"wrapper":"csv"', "")
    assert "메모" not in kept


def test_the_same_file_for_another_founder_is_refused_until_the_sender_says_so(
    world: World,
) -> None:
    a_founder(world.database, "F-OTHER00001")
    statement = (
        "거래일시,적요,출금액,입금액,거래후잔액\n2026-05-02 10:00,이체,0,50000,50000\n".encode()
    )
    sender = world.operator()
    first = sender.raw("cash_flow", statement, CSV, founder=FOUNDER)
    assert first.status_code == 201, first.text
    refused = sender.raw("cash_flow", statement, CSV, key="k", founder="F-OTHER00001")
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["type"] == "urn:foothold:problem:imported-for-another"
    assert f"See receipt {first.json()['import_id']}." in problem["detail"]
    assert "again_for_another=true" in problem["detail"]
    assert (world.count(CashFlowLine), world.count(Import)) == (1, 1)
    agreed = sender.raw(
        "cash_flow", statement, CSV, key="k", founder="F-OTHER00001", again_for_another="true"
    )
    assert (agreed.status_code, agreed.json()["added"]) == (201, 1)


def test_a_lender_is_not_told_that_another_sent_the_same_rows(world: World) -> None:
    a_lender(world.database, "L-OTHER")
    for reference in ("L-DEMO", "L-OTHER"):
        world.founder.consenting(to=reference)
        sender = world.lender(reference)
        assert sender.rows("loans", _loan(lender=reference)).status_code == 201
        assert sender.rows("repayments", _repayment()).status_code == 201
    assert world.count(Repayment) == 2


@pytest.mark.parametrize(
    ("rows", "options"),
    [([_sale(gross=1)], {}), ([_sale()], {"source": "shop"}), ([_sale()], {"learned": "3"})],
)
def test_the_same_key_with_another_file_or_option_is_refused(
    world: World, rows: list[dict[str, object]], options: dict[str, str]
) -> None:
    sender = world.operator()
    sender.rows("sales", _sale(), key="again")
    answer = sender.rows("sales", *rows, key="again", **options)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert world.count(Import) == 1


def test_a_key_is_its_senders_own(world: World) -> None:
    world.operator("O-ONE").rows("sales", _sale(), key="again")
    answer = world.operator("O-TWO").rows("sales", _sale(order_line="O-2"), key="again")
    assert answer.status_code == 201
    assert world.count(Import) == 2


def test_two_requests_at_once_with_one_key_make_one_import(world_on_each: World) -> None:
    rows = [_sale(order_line=f"O-{number}") for number in range(300)]
    senders, answers = [world_on_each.operator() for _ in range(4)], []
    start = threading.Barrier(len(senders))

    def send(sender: Sender) -> None:
        start.wait()
        answers.append(sender.rows("sales", *rows, key="once"))

    threads = [threading.Thread(target=send, args=(sender,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 3
    assert (world_on_each.count(Import), world_on_each.count(OrderLine)) == (1, 300)


def test_an_import_that_fails_leaves_its_key_free(world: World) -> None:
    sender = world.operator()
    assert sender.rows("sales", _sale(founder="F-NOBODY"), key="again").status_code == 422
    assert sender.rows("sales", _sale(), key="again").status_code == 201


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (_sale(order_line="O-2", gross="much"), "gross"),
        (_sale(order_line="O-2", ordered_on="01.05.2026"), "ordered_on"),
        (_sale(order_line="O-2", founder="F-NOBODY"), "founder"),
        (_sale(order_line="O-2", gross=True), "gross"),
        (_sale(order_line="O-2", channel={"name": "own"}), "channel"),
        (_sale(order_line="O-2", channel="\ud800"), "channel"),
        (_sale(order_line="O-2", currency=None), "currency"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_stored(
    world: World, row: dict[str, object], column: str
) -> None:
    content = json.dumps(_sale()) + "\n\n" + json.dumps(row)
    answer = world.operator().raw("sales", content, NDJSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["row"], problem["column"], problem["file"]) == (3, column, "records")
    assert world.count(Import) + world.count(OrderLine) + world.count(IdempotencyKey) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n",
        b"{",
        b'{"founder": "F-1"',
        b'{"founder": "F-1"} {}',
        b'{"founder": "F-1"}\nnonsense',
        b'{"founder": "F-1"}\n[1, 2]',
        b'{"a": 1, "a": 2}',
        b'{"\\ud800": 1}',
        b'{"gross": NaN}',
        b'{"gross": 1e999999999}',
        b'{"gross": ' + b"[" * 100_000,
        b"[]",
        b"[{}]",
        b"[{}, ",
        b'[{"founder": "F-1"}',
        b'[{"founder": "F-1"} {}]',
        b'[{"founder": "F-1"}] []',
        b'[{"founder": ' + b"[" * 100_000,
        b"\xff\xfe\x00\x01",
        b"PK\x03\x04nonsense",
        b"PAR1nonsense",
    ],
)
def test_what_is_no_file_of_records_is_refused_in_words(world: World, content: bytes) -> None:
    answer = world.operator().raw("sales", content, {"Content-Type": "application/jsonl"})
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["file"] == "records"


def test_a_file_that_tells_of_something_else_is_refused(world: World) -> None:
    sender = world.operator()
    assert sender.raw("sales", SMARTSTORE, CSV, founder=FOUNDER, dry_run="1").status_code == 200
    answer = sender.raw("attendance", SMARTSTORE, CSV, founder=FOUNDER)
    assert answer.status_code == 422
    assert "tells of sales" in answer.json()["detail"]
    answer = sender.raw("repayments", SALES + f"{FOUNDER},own,O-1,2026-05-01,1,1,KRW\n", CSV)
    assert (answer.status_code, answer.json()["column"]) == (422, "loan")
    assert world.count(Import) == 0


def test_a_shops_export_says_whose_it_is_by_a_parameter(world: World) -> None:
    answer = world.operator().raw("sales", SMARTSTORE, CSV)
    assert answer.status_code == 422
    assert "the parameter founder" in answer.json()["detail"]
    answer = world.operator().raw("sales", SMARTSTORE, CSV, founder="F-NOBODY")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "founder"
    dry = world.operator().raw("sales", SMARTSTORE, CSV, founder="F-NOBODY", dry_run="true")
    assert dry.status_code == 422


def test_sheets_ledgers_and_statements_go_to_their_kinds(world: World) -> None:
    sender = world.operator()
    sheet = f"이름,3/2,3/4,3/6\n{FOUNDER},O,X,O\n"
    ledger = (
        "대출번호,성명,대출일,대출금액,회차,납입예정일,예정원금,예정이자,납입일,납입금액\n"
        f"K-7,{FOUNDER},2026-02-01,300000,1,2026-03-01,150000,1000,2026-03-02,151000\n"
        f"K-7,{FOUNDER},2026-02-01,300000,2,2026-04-01,150000,500,,\n"
    )
    statement = (
        "거래일시,적요,출금액,입금액,잔액\n"
        "2026-05-01 10:00:00,쿠팡정산,0,500000,700000\n"
        "2026-05-02 10:00:00,월세,300000,0,400000\n"
    )
    told = [
        sender.raw("attendance", sheet, CSV, year=2026, founder=FOUNDER),
        sender.raw("loans", ledger, CSV, founder=FOUNDER, lender="L-DEMO"),
        sender.raw("cash_flow", statement, CSV, founder=FOUNDER),
    ]
    assert [answer.status_code for answer in told] == [201] * 3, [a.text for a in told]
    assert [answer.json()["kind"] for answer in told] == ["attendance", "loans", "cash_flow"]
    assert world.count(CashFlowLine) == 2
    assert world.count(Repayment) == 1


def test_what_a_form_holds_beside_its_file_is_refused(world: World) -> None:
    client = world.operator().client
    key = {"Idempotency-Key": "one"}
    answer = client.post(
        "/v1/records/sales", files={"file": b"x"}, data={"founder": FOUNDER}, headers=key
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "founder")
    answer = client.post("/v1/records/sales", files={"other": b"x"}, headers=key)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "other")
    form = {"Content-Type": "multipart/form-data"}
    answer = client.post("/v1/records/sales", content=b"x", headers=key | form)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"founder": "홍길동"}, "founder"),
        ({"name": "홍길동"}, "name"),
        ({"learned": "홍길동"}, "learned"),
        ({"year": "홍길동"}, "year"),
        ({"format": "홍길동"}, "format"),
        ({"session_hours": "nan"}, "session_hours"),
    ],
)
def test_a_wrong_option_is_named_and_its_content_is_not(
    world: World, options: dict[str, str], field: str
) -> None:
    answer = world.operator().rows("sales", _sale(), **options)
    assert answer.status_code == 422
    assert [entry["field"] for entry in answer.json()["errors"]] == [field]
    assert "홍길동" not in json.dumps(answer.json(), ensure_ascii=False)


def test_a_media_type_that_is_not_read_is_refused(world: World) -> None:
    answer = world.operator().raw("sales", b"x", {"Content-Type": "image/png"})
    assert answer.status_code == 415
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("as_form", [False, True])
def test_a_file_beyond_the_limit_is_refused_while_it_arrives(
    world: World, monkeypatch: pytest.MonkeyPatch, as_form: bool
) -> None:
    monkeypatch.setattr("api.records.uploads.LARGEST_FILE", 100_000)
    sender, content = world.operator(), b"x" * 100_001
    if as_form:
        answer = sender.form("sales", content, name="a.csv")
    else:
        answer = sender.raw("sales", content, CSV)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_without_end_is_cut_off_and_other_routes_keep_their_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.records.routes.LARGEST_BODY", 200_000)
    with ExitStack() as stack:
        client = Caller(world.database, stack).browser()
        client.headers["Authorization"] = f"Bearer {world.operator_key()}"
        taken = 0

        def pieces() -> Iterator[bytes]:
            nonlocal taken
            while taken < 10_000_000:
                taken += 50_000
                yield b"x" * 50_000

        answer = client.post(
            "/v1/records/sales", content=pieces(), headers=CSV | {"Idempotency-Key": "one"}
        )
        assert answer.status_code == 413
    lender = world.lender().client
    assert lender.post("/v1/scores", content=b" " * 70_000).status_code == 413
    rows = [_sale(order_line=f"O-{number}") for number in range(1000)]
    assert len(_lines(*rows)) > 64 * 1024
    assert world.operator().rows("sales", *rows).status_code == 201


def test_operators_send_and_ask_nothing(world: World) -> None:
    client = world.operator().client
    question = {"founder": FOUNDER, "purpose": "loan_application"}
    for answer in (client.post("/v1/scores", json=question), client.get("/v1/notices")):
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:foothold:problem:key-not-allowed"


@pytest.mark.parametrize("kind", ["sales", "attendance", "cash_flow", "refunds", "pauses"])
def test_a_lender_sends_only_what_lenders_know(world: World, kind: str) -> None:
    answer = world.lender().rows(kind, _sale())
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:foothold:problem:key-not-allowed"


def test_a_lender_sends_its_loans_and_what_was_paid(world_on_each: World) -> None:
    world_on_each.founder.consenting(to="L-DEMO")
    lender = world_on_each.lender()
    due = {"loan": "K-1", "number": 1, "due_on": "2026-03-01", "principal": 1, "interest": 0}
    asked = {
        "founder": FOUNDER,
        "application": "A-1",
        "lender": "L-DEMO",
        "applied_on": "2026-01-20",
        "principal": 1_200_000,
        "months": 12,
        "instalment": 103_000,
        "currency": "KRW",
    }
    outcome = {"application": "A-1", "outcome": "good", "declared_on": "2026-06-01"}
    answers = [
        lender.rows("loans", _loan()),
        lender.rows("schedule", due),
        lender.rows("repayments", _repayment()),
        lender.rows("applications", asked),
        lender.rows("outcomes", outcome),
    ]
    assert [a.status_code for a in answers] == [201] * 5, [a.text for a in answers]
    assert {answer.json()["source"] for answer in answers} == {"lender:L-DEMO"}
    with world_on_each.database.reading() as session:
        assert set(session.scalars(select(Import.author))) == {"lender:L-DEMO"}
        assert session.scalars(select(Application.source)).one() == "lender:L-DEMO"


def test_a_consent_that_ended_stops_new_loans_and_no_report_of_old_ones(world: World) -> None:
    world.founder.consenting(to="L-DEMO")
    lender = world.lender()
    due = {"loan": "K-1", "number": 1, "due_on": "2026-03-01", "principal": 1, "interest": 0}
    assert lender.rows("loans", _loan()).status_code == 201
    assert lender.rows("schedule", due).status_code == 201
    world.founder.withdrawing(from_lender="L-DEMO")
    event = {"loan": "K-1", "event_id": "E", "event": "closed", "happened_on": "2026-06-01"}
    answers = [
        lender.rows("repayments", _repayment()),
        lender.rows("loan_events", event | {"reason": "repaid"}),
        lender.rows("loans", _loan()),
    ]
    assert [answer.status_code for answer in answers] == [201] * 3, [a.text for a in answers]
    assert lender.rows("loans", _loan(loan="K-2")).status_code == 403


def test_a_report_says_through_which_day_it_is_complete(world: World) -> None:
    world.founder.consenting(to="L-DEMO")
    lender = world.lender()
    assert lender.rows("loans", _loan()).status_code == 201
    receipt = lender.rows("repayments", _repayment(), reported_through="2026-05-31").json()
    assert receipt["notes"][0].startswith(
        "Taken as complete for L-DEMO's loans through 2026-05-31: all 1 loans on file."
    )
    later = lender.rows("repayments", _repayment(), reported_through="2999-01-01")
    assert later.status_code == 422
    assert "has not come" in later.json()["detail"]


def test_a_lenders_ledger_finds_founders_who_consent_and_no_others(world: World) -> None:
    world.founder.consenting(to="L-DEMO")
    header = "대출번호,고객번호,대출일,대출금액,회차,납입예정일,예정원금,예정이자,납입일,납입금액\n"
    row = "K-7,{},2026-02-01,300000,1,2026-03-01,150000,1000,2026-03-02,151000\n"
    sent = world.lender().raw("loans", header + row.format(FOUNDER), CSV)
    assert sent.status_code == 201, sent.text
    assert world.count(Repayment) == 1
    with world.database.reading() as session:
        assert session.scalars(select(Loan.lender)).one() == "L-DEMO"
    a_founder(world.database, "F-SILENT")
    refused = [
        world.lender().raw("loans", header + row.format(name).replace("K-7", "K-8"), CSV)
        for name in ("F-SILENT", "F-NOBODY")
    ]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert refused[0].json() == refused[1].json()
    assert world.count(QuarantinedRow) == 0


@pytest.mark.parametrize("dry_run", [False, True])
def test_unknown_founders_and_those_without_consent_are_told_alike(
    world: World, dry_run: bool
) -> None:
    world.founder.consenting(to="L-DEMO")
    a_lender(world.database, "L-OTHER")
    a_founder(world.database, "F-SILENT")
    a_founder(world.database, "F-OTHERS").consenting(to="L-OTHER")
    a_founder(world.database, "F-ENDED").consenting(to="L-DEMO").withdrawing(from_lender="L-DEMO")
    answers = [
        world.lender().rows(
            "loans", _loan(), _loan(loan="K-2", founder=founder), dry_run=str(dry_run).lower()
        )
        for founder in ("F-SILENT", "F-OTHERS", "F-ENDED", "F-NOBODY")
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert len({answer.text for answer in answers}) == 1
    problem = answers[0].json()
    assert problem["type"] == "urn:foothold:problem:no-consent"
    assert (problem["row"], problem["column"]) == (2, "founder")
    assert world.count(Import) + world.count(Loan) == 0
    named = [
        world.lender().rows("loans", _loan(), founder=founder)
        for founder in ("F-SILENT", "F-NOBODY")
    ]
    assert [answer.status_code for answer in named] == [403, 403]
    assert named[0].text == named[1].text


def test_a_lender_speaks_for_no_other_lender(world: World) -> None:
    a_lender(world.database, "L-OTHER")
    world.founder.consenting(to="L-DEMO").consenting(to="L-OTHER")
    answer = world.lender().rows("loans", _loan(), _loan(loan="K-2", lender="L-OTHER"))
    assert (answer.status_code, answer.json()["row"]) == (422, 2)
    assert answer.json()["column"] == "lender"
    for option in ({"lender": "L-OTHER"}, {"source": "plain"}):
        answer = world.lender().rows("loans", _loan(), **option)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] in option
    assert world.count(Import) == 0


def test_a_lender_adds_nothing_to_loans_that_it_has_not_sent(world: World) -> None:
    a_lender(world.database, "L-OTHER")
    world.founder.consenting(to="L-DEMO").consenting(to="L-OTHER")
    world.lender("L-OTHER").rows("loans", _loan(lender="L-OTHER"))
    import_rows(world.database, RecordKind.LOANS, [_loan(loan="K-PLAIN")])
    answers = [
        world.lender().rows("repayments", _repayment(loan=loan))
        for loan in ("K-1", "K-PLAIN", "K-NONE")
    ]
    assert [answer.status_code for answer in answers] == [422] * 3
    assert len({answer.text for answer in answers}) == 1, "who has which loan is not told"
    assert (answers[0].json()["row"], answers[0].json()["column"]) == (1, "loan")
    assert world.lender("L-OTHER").rows("repayments", _repayment()).status_code == 201


def test_a_revoked_operators_key_is_refused_at_once(world: World) -> None:
    client = world.operator().client
    key = client.headers["Authorization"].removeprefix("Bearer ")
    assert key.startswith("fo_")
    with world.database.writing() as ledger:
        revoke_key(ledger, key.split("_")[1], actor="test")
    assert Sender(client).rows("sales", _sale()).status_code == 401
    assert world.count(Import) == 0


@pytest.mark.parametrize("change", [lambda k: k[:-2] + "xx", lambda k: "fh_" + k[3:]])
def test_a_key_that_is_nearly_an_operators_opens_nothing(world: World, change: Any) -> None:
    client = world.operator().client
    scheme, key = client.headers["Authorization"].split()
    client.headers["Authorization"] = f"{scheme} {change(key)}"
    assert Sender(client).rows("sales", _sale()).status_code == 401


def test_nothing_of_a_file_or_its_name_is_logged(world: World) -> None:
    with capture_logs() as log:
        world.operator().form("sales", SMARTSTORE.encode(), name="홍길동.csv", founder=FOUNDER)
        world.operator().rows("sales", _sale(gross="홍길동"), filename="홍길동.csv")
    assert [entry["status"] for entry in log] == [201, 422]
    assert {entry["route"] for entry in log} == {"/v1/records/{kind}"}
    for secret in ("홍길동", FOUNDER, "스마트"):
        assert secret not in str(log)


def test_scores_are_served_while_a_file_waits_to_be_imported(world: World) -> None:
    """The loop answers others while every thread of imports waits for the writer."""
    sender, other = world.operator(), world.lender().client
    with ExitStack() as stack:
        client = Caller(world.database, stack).browser()
        client.headers["Authorization"] = sender.client.headers["Authorization"]
        answers: list[Response] = []
        with world.database.writing():
            threads = [
                threading.Thread(
                    target=lambda number=number: answers.append(
                        Sender(client).rows("sales", _sale(), key=f"key-{number}")
                    )
                )
                for number in range(5)
            ]
            for thread in threads:
                thread.start()
            client.headers["Authorization"] = other.headers["Authorization"]
            assert client.get("/v1/notices").status_code == 200
            assert client.get("/health/live").status_code == 200
            assert answers == []
        for thread in threads:
            thread.join()
    assert [answer.status_code for answer in answers] == [201] * 5


def test_the_contract_tells_what_can_be_sent(world: World) -> None:
    document = world.operator().client.get("/openapi.json").json()
    post = document["paths"]["/v1/records/{kind}"]["post"]
    assert post["security"]
    assert {"application/x-ndjson", "application/json", "multipart/form-data", "text/csv"} <= set(
        post["requestBody"]["content"]
    )
    receipt = post["responses"]["201"]["content"]["application/json"]["schema"]
    assert receipt == {"$ref": "#/components/schemas/ReceiptOut"}
    for status in ("401", "403", "409", "413", "415", "422", "503"):
        assert "application/problem+json" in post["responses"][status]["content"]
    assert {"file", "row", "column"} <= set(
        document["components"]["schemas"]["Problem"]["properties"]
    )


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_to_operators_are_as_the_contract_says(world: World, mode: GenerationMode) -> None:
    client = world.operator().client
    headers = {"Authorization": client.headers["Authorization"]}
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)
    (result,) = schema.include(path_regex="^/v1/records").get_all_operations()
    seen: set[int] = set()

    @given(case=result.ok().as_strategy(generation_mode=mode))
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    def conforms(case: Case) -> None:
        # Whether rows of the right form are true is up to what is on file.
        response = case.call_and_validate(
            headers=headers, excluded_checks=[positive_data_acceptance]
        )
        seen.add(response.status_code)

    conforms()
    assert not any(status >= 500 for status in seen)
    assert 422 in seen


def test_a_year_of_repayments_can_be_sent_again_and_again(world: World) -> None:
    """As lenders do: the whole list every month, a few rows of it new."""
    world.founder.consenting(to="L-DEMO")
    lender, first = world.lender(), date(2026, 3, 1)
    lender.rows("loans", _loan())
    rows = [
        _repayment(repayment=f"R-{number}", paid_on=str(first + timedelta(days=30 * number)))
        for number in range(3)
    ]
    assert lender.rows("repayments", *rows[:2]).json()["added"] == 2
    answer = lender.rows("repayments", *rows).json()
    assert (answer["rows"], answer["added"], answer["repeated"]) == (3, 1, 2)
