"""How many requests a server gets at a time, by a clock that the test moves."""

from concurrent.futures import Future, ThreadPoolExecutor

from galley.core.engine.limit import START, Limit, Ticket


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def enter(limit: Limit, count: int) -> list[Ticket]:
    """`count` tickets, which the limit must have for us at once."""
    return [limit.enter().result(timeout=0) for _ in range(count)]


def grown(most: int, allowed: int) -> Limit:
    """A limit that good answers brought to `allowed`."""
    limit = Limit(most)
    while limit.allowed < allowed:
        limit.leave(limit.enter().result(timeout=0), "served")
    return limit


def test_it_begins_with_a_few_and_the_others_wait_their_turn() -> None:
    limit = Limit(32)
    tickets = enter(limit, START)
    second, third = limit.enter(), limit.enter()
    assert not second.done()
    limit.leave(tickets[0], "other")
    assert second.done()
    assert not third.done()


def test_it_never_begins_above_the_most() -> None:
    limit = Limit(2)
    enter(limit, 2)
    assert not limit.enter().done()


def test_a_round_of_answers_lets_one_more_in_up_to_the_most() -> None:
    limit = Limit(START + 2)
    for _ in range(START):
        assert limit.allowed == START
        limit.leave(limit.enter().result(timeout=0), "served")
    assert limit.allowed == START + 1
    for _ in range(100):
        limit.leave(limit.enter().result(timeout=0), "served")
    assert limit.allowed == START + 2


def test_where_answers_take_far_longer_than_the_first_ones_none_is_added() -> None:
    clock = Clock()
    limit = Limit(32, clock)

    def rounds(count: int, seconds: float) -> None:
        for _ in range(count):
            tickets = enter(limit, limit.allowed)
            clock.now += seconds
            for ticket in tickets:
                limit.leave(ticket, "served")

    rounds(4, 1.0)
    assert limit.allowed == START + 4
    rounds(10, 9.0)
    waiting = limit.allowed
    assert waiting <= START + 6, "it takes a few answers to see it"
    rounds(10, 9.0)
    assert limit.allowed == waiting
    rounds(10, 1.0)
    assert limit.allowed > waiting


def test_a_busy_server_gets_half_once_for_all_that_was_under_way() -> None:
    limit = grown(32, 16)
    tickets = enter(limit, 16)
    for ticket in tickets:
        limit.leave(ticket, "busy")
    assert limit.allowed == 8
    limit.leave(limit.enter().result(timeout=0), "busy")
    assert limit.allowed == 4


def test_one_request_at_a_time_is_always_left() -> None:
    limit = Limit(4)
    for _ in range(10):
        limit.leave(limit.enter().result(timeout=0), "busy")
    assert limit.allowed == 1
    assert limit.enter().done()


def test_a_refusal_for_other_reasons_changes_nothing() -> None:
    limit = Limit(8)
    for _ in range(50):
        limit.leave(limit.enter().result(timeout=0), "other")
    assert limit.allowed == START
    assert limit.under_way == 0


def test_a_pause_holds_everybody_back_until_it_is_over() -> None:
    clock = Clock()
    limit = Limit(8, clock)
    limit.leave(limit.enter().result(timeout=0), "busy", pause=5.0)
    limit_of_others = limit.enter()
    clock.now += 4.9
    limit.look()
    assert not limit_of_others.done()
    clock.now += 0.2
    limit.look()
    assert limit_of_others.done()


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = Clock()
    limit = Limit(8, clock)
    first, second = enter(limit, 2)
    limit.leave(first, "busy", pause=60.0)
    limit.leave(second, "busy", pause=1.0)
    clock.now += 30.0
    assert not limit.enter().done()


def test_who_gives_up_waiting_leaves_the_line() -> None:
    limit = Limit(1)
    (ticket,) = enter(limit, 1)
    impatient, patient = limit.enter(), limit.enter()
    assert impatient.cancel()
    limit.leave(ticket, "served")
    assert patient.done()
    assert limit.under_way == 1


def test_many_threads_never_go_beyond_what_is_allowed() -> None:
    limit = Limit(6)
    most: list[int] = []

    def work(number: int) -> None:
        place: Future[Ticket] = limit.enter()
        ticket = place.result(timeout=30)
        most.append(limit.under_way - limit.allowed)
        limit.leave(ticket, "busy" if number % 50 == 49 else "served")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(600)))
    assert limit.under_way == 0
    # A halving can't take back what is under way already, so only a round's worth may be above.
    assert max(most) <= 3
    assert limit.enter().done()
