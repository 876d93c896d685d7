"""What people are told of a server's refusal."""

from edgemeter.cli.remote import _sentence
from edgemeter.wire.problems import FieldError, Problem, ProblemError


def test_a_place_that_the_sentence_names_is_not_told_twice() -> None:
    errors = (
        FieldError(pointer="/operators/0", detail="no operator 'a'"),
        FieldError(pointer="/operators/1", detail="no operator 'b'"),
    )
    problem = Problem(
        type="/problems/invalid",
        title="Invalid",
        status=422,
        detail="/operators/0: no operator 'a'",
        errors=errors,
    )
    told = _sentence(ProblemError(problem))
    assert told == "/operators/0: no operator 'a' /operators/1: no operator 'b'"
