import pytest

from edgemeter.isolation.kernel.landlock import READ, WRITE, Right, _known


@pytest.mark.parametrize(
    ("version", "bits"), [(1, 13), (2, 14), (3, 15), (4, 15), (5, 16), (6, 16), (7, 16), (99, 16)]
)
def test_rights_are_those_that_the_version_knows(version: int, bits: int) -> None:
    assert int(_known(version)) == (1 << bits) - 1


def test_what_is_never_granted() -> None:
    for right in (
        Right.MAKE_SYM,
        Right.MAKE_SOCK,
        Right.MAKE_CHAR,
        Right.MAKE_BLOCK,
        Right.EXECUTE,
        Right.REFER,
    ):
        assert right not in READ | WRITE
