"""The commands of a reviewer, as a person types them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A store with one founder who sold twice, once with a refund."""
    shell = Shell(tmp_path / "data")
    shell.json("init")
    shell.json("founder", "add", "F-1")
    day = date.today() - timedelta(days=20)
    path = tmp_path / "sales.csv"
    path.write_text(
        "founder,channel,order_line,ordered_on,quantity,gross,currency,status,refunded_on,buyer\n"
        f"F-1,shop,O1,{day},1,32000,KRW,,,b-1\n"
        f"F-1,shop,O2,{day},1,58000,KRW,returned,{day + timedelta(days=2)},b-2\n"
    )
    shell.json("import", str(path), "--kind", "sales")
    return shell


def test_a_record_is_looked_at_corrected_and_looked_at_again(shell: Shell) -> None:
    before = shell.json("records", "F-1")["records"]
    assert [record["values"].get("gross") for record in before] == ["32000", "58000", None]
    said = ("--reason", "the invoice", "--by", "Reviewer One")
    done = shell.json("correct", "sales", "1", "--set", "gross=3200", "--set", "fee=100", *said)
    history = shell.json("records", "F-1", "--kind", "sales", "--all")["records"]
    superseded = {record["id"]: record["superseded"] for record in history}
    assert superseded[1]["by"] == done["replacement"]
    assert superseded[1]["author"] == "Reviewer One"
    table = shell.run("records", "F-1", "--all")
    assert table.returncode == 0
    assert "the invoice" in table.stdout
    assert shell.json("correct", "sales", "2", "--retract", *said)["retracted_with_it"] == 1
    assert len(shell.json("records", "F-1")["records"]) == 1
    assert shell.json("audit", "verify")["intact"] is True


def test_a_correction_by_hand_is_refused_with_what_can_be_done(shell: Shell) -> None:
    said = ("--reason", "r", "--by", "b")
    for arguments, message in (
        (("1", *said), "Say one of --set column=value, or --retract"),
        (("1", "--retract", "--set", "gross=1", *said), "Say one of"),
        (("1", "--set", "gross", *said), '"gross" is no column=value'),
        (("1", "--set", "gross=1", "--set", "gross=2", *said), "is set twice"),
        (("1", "--set", "channel=x", *said), "These can: ordered_on"),
        (("9", "--set", "gross=1", *said), "There is no record 9 of sales"),
    ):
        assert message in shell.refused("correct", "sales", *arguments)
    assert "is no instant" in shell.refused("records", "F-1", "--known-at", "yesterday")
    assert "lies in the future" in shell.refused("records", "F-1", "--as-of", "2999-01-01")
    assert "--kind sales" in shell.refused("records", "F-1", "--kind", "refunds")


def test_a_dispute_is_opened_listed_and_decided_by_another(shell: Shell) -> None:
    opened = shell.json(
        "dispute", "open", "F-1", "sales", "1", "--reason", "not mine", "--by", "Helper"
    )
    assert opened["decide_by"] > date.today().isoformat()
    assert [d["id"] for d in shell.json("dispute", "list", "--open")["disputes"]] == [1]
    assert "disputed" in shell.run("records", "F-1").stdout
    reason = ("--reason", "the invoice")
    decide = ("dispute", "decide", "1")
    assert "second person" in shell.refused(*decide, "--keep", *reason, "--by", "helper")
    assert "Say one of --keep" in shell.refused(*decide, *reason, "--by", "Reviewer")
    done = shell.json(*decide, "--set", "gross=1000", *reason, "--by", "Reviewer")
    assert (done["outcome"], done["notices"]) == ("corrected", 0)
    assert shell.json("dispute", "list", "--open")["disputes"] == []
    assert shell.json("notices", "list") == {"notices": []}


def test_pauses_and_failures_of_a_channel_are_added_listed_and_withdrawn(shell: Shell) -> None:
    first, last = date.today() - timedelta(days=30), date.today() - timedelta(days=10)
    days = ("--from", str(first), "--to", str(last), "--by", "operator")
    shell.json("pause", "add", "F-1", *days)
    assert "shares days" in shell.refused("pause", "add", "F-1", *days)
    (pause,) = shell.json("pause", "list", "F-1")["pauses"]
    assert (pause["from"], pause["to"]) == (str(first), str(last))
    said = ("--reason", "a mistake", "--by", "operator")
    shell.json("pause", "withdraw", "1", *said)
    assert shell.json("pause", "list", "F-1")["pauses"] == []

    shell.json("platform-event", "add", "shop", "--kind", "payout_stopped", *days)
    assert len(shell.json("platform-event", "list")["platform_events"]) == 1
    earlier = shell.json("platform-event", "list", "--known-at", str(first))
    assert earlier["platform_events"] == []
    shell.json("platform-event", "withdraw", "1", *said)
    assert shell.json("platform-event", "list")["platform_events"] == []
