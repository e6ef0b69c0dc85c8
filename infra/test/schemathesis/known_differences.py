"""What the service does otherwise than its OpenAPI document can say, each with the reason.

schemathesis loads this and makes these checks in place of its own of nearly the same names. A difference that stands in
none of these tables fails the run.
"""

import re

import schemathesis
from hypothesis import strategies
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi import checks

# What fits the document and is refused all the same: CODE of the problem, PLACE that is to blame (a parameter's name, a
# pointer into the body, or nothing), and what is said there. Everything that a problem names must stand here.
REFUSED = {
    "no caller guesses a cursor: of the texts that have its form, those are taken that a page gave":
        ("validation-failed", "cursor", ""),
    "which version a resource has, and whether it is there, changes all the time":
        ("precondition-failed", "", ""),
    "which jobs there are changes all the time":
        ("unknown-job", ".*", ""),
    "which people there are changes all the time":
        ("unknown-person", ".*", ""),
    "a key names one request; which keys were used, changes all the time":
        ("idempotency-key-reused", "", ""),
    "what is not too old and not in the future changes all the time":
        ("validation-failed", "/?at", "(too old|in the future): "),
    "a whole number is written as one: 41.0 is one to JSON Schema, but may have been 41.00000000000000001":
        ("validation-failed", "/.*", r"must be a whole number .* got `?-?[0-9]+\.0"),
    "a schema cannot compare two parameters: `from` and `to` are in order":
        ("validation-failed", "from", "must not be after .*, the end of the range"),
    "a schema cannot compare two parameters: `start` and `end` are in order and not too far apart, counted from today":
        ("", "", "start: ([0-9-]+ is after [0-9-]+|more than 366 days before [0-9-]+)$"),
    "a schema of a body cannot see the query: what stands in one must not stand in the other":
        ("validation-failed", "/.*", "must be given once, and is in the query, too"),
    "the IANA database says which time zones there are: some 600 names, and others next year":
        ("validation-failed", "/time_zone", "must be a time zone of the IANA database"),
}

# What does not fit the document and is taken all the same.
TAKEN = {
    "a heartbeat that is wrong is refused in its own place of a 201, because clients send the others again otherwise":
        lambda case, response: case.path.startswith("/api/wakatime/") and response.status_code == 201,
}

# What is deleted and there all the same.
THERE = {
    "a capture token that is revoked stays, for the record, and says when it was":
        lambda case, response: case.path == "/api/v1/capture-tokens/{id}" and says(response, "revoked_at"),
}


def refusals(response):
    """The parts of a problem, each as the tables name it."""
    problem = problem_of(response)
    code = problem.get("code", "")
    errors = problem.get("errors") or [{"detail": problem.get("detail") or problem.get("error", "")}]
    return [(code, error.get("parameter") or error.get("pointer") or "", error.get("detail", "")) for error in errors]


def refused_as_known(case, response):
    def known(code, place, detail):
        return any(
            code == of and re.fullmatch(where, place) and re.match(what, detail) for of, where, what in REFUSED.values()
        )

    return all(known(*refusal) for refusal in refusals(response))


def says(response, member):
    return response.status_code == 304 or bool(problem_of(response).get(member))


def problem_of(response):
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def unless(check, *known):
    """The same check, which passes what is known."""

    def checked(ctx, response, case):
        try:
            return check(ctx, response, case)
        except Failure:
            if any(holds(case, response) for holds in known):
                return None
            raise

    return checked


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Has headers with a pattern filled by that.

    Where a header's pattern takes a character that is rare in headers, such as a quote, schemathesis finds no value of
    its own, sends `0` and calls it valid. Formats that are registered are spared that.
    """
    for path in raw_schema["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                pattern = parameter.get("schema", {}).get("pattern")
                if parameter["in"] == "header" and pattern:
                    name = "header-" + parameter["name"].lower()
                    parameter["schema"]["format"] = name
                    schemathesis.openapi.format(name, strategies.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))


@schemathesis.check
def what_fits_the_document_is_taken(ctx, response, case):
    return unless(checks.positive_data_acceptance, refused_as_known)(ctx, response, case)


@schemathesis.check
def what_does_not_fit_the_document_is_refused(ctx, response, case):
    return unless(checks.negative_data_rejection, *TAKEN.values())(ctx, response, case)


@schemathesis.check
def what_was_deleted_is_gone(ctx, response, case):
    return unless(checks.use_after_free, *THERE.values())(ctx, response, case)
