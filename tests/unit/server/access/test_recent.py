"""What is remembered ages from the question, and is bounded."""

from edgemeter_server.access.recent import Recent


def test_an_answer_is_good_for_a_while_from_its_question():
    recent: Recent[str, int] = Recent(keep_s=2.0, size=10)
    recent.put("a", 1, asked_s=10.0)

    assert recent.get("a", 11.9) == 1
    assert recent.get("a", 12.0) is None


def test_memory_is_bounded():
    recent: Recent[int, int] = Recent(keep_s=2.0, size=10)
    for key in range(1000):
        recent.put(key, key, asked_s=0.0)

    assert len(recent) <= 10
    assert recent.get(999, 1.0) == 999


def test_asking_again_for_what_is_known_forgets_nobody():
    recent: Recent[int, int] = Recent(keep_s=2.0, size=2)
    for asked_s in (0.0, 1.0):
        for key in (1, 2):
            recent.put(key, key, asked_s)

    assert (recent.get(1, 2.5), recent.get(2, 2.5)) == (1, 2)
