"""/openapi.json says what the server does: generated requests find no difference."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.conftest import Caller


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_as_the_contract_says(caller: Caller, mode: GenerationMode) -> None:
    lender = caller.lender()
    headers = {"Authorization": lender.headers["Authorization"]}
    schema = schemathesis.openapi.from_asgi("/openapi.json", lender.app)
    seen = set()
    for result in schema.include(path_regex="^/v1/").get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=15,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        def conforms(case: Case) -> None:
            # Whether a right question gets a score is up to consents and days, not to its form.
            response = case.call_and_validate(
                headers=headers, excluded_checks=[positive_data_acceptance]
            )
            seen.add((case.operation.label, response.status_code))

        conforms()
    assert any(label == "POST /v1/scores" for label, _ in seen)
    assert not any(status >= 500 for _, status in seen)


def test_the_contract_is_valid_openapi(caller: Caller) -> None:
    document = caller.browser().get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()


def test_a_generated_client_has_a_name_for_every_operation(caller: Caller) -> None:
    document = caller.browser().get("/openapi.json").json()
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert sorted(one["operationId"] for one in operations) == [
        "ask_affordability",
        "confirm_notice",
        "create_application",
        "create_decision",
        "create_score",
        "disburse_loan",
        "list_applications",
        "list_loans",
        "list_notices",
        "post_event",
        "post_repayment",
        "read_application",
        "read_liveness",
        "read_loan",
        "read_portfolio",
        "read_score",
        "send_records",
    ]
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    assert {tag for one in operations for tag in one["tags"]} == described


def test_the_contract_names_the_key_and_every_problem(caller: Caller) -> None:
    document = caller.browser().get("/openapi.json").json()
    (scheme,) = document["components"]["securitySchemes"].values()
    assert scheme["type"] == "http"
    assert scheme["scheme"] == "bearer"
    post = document["paths"]["/v1/scores"]["post"]
    assert post["security"]
    for status in ("401", "403", "409", "422", "503"):
        assert "application/problem+json" in post["responses"][status]["content"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert not any(path.startswith("/me") for path in document["paths"])
