"""The interpreter against docs/generated-apis.md, sentence by sentence where it is easy to err."""

import json
from decimal import Decimal
from typing import Any

import pytest
from aidevos_agents.gates.encode import encode
from aidevos_agents.gates.interpreter.expected import Expected
from aidevos_agents.gates.interpreter.interpreter import Ask, Interpreter
from aidevos_agents.gates.interpreter.symbols import Moment, Ref, Window
from aidevos_agents.gates.interpreter.times import canonical_time
from aidevos_agents.spec.model import App
from gate_apps import LIBRARY, SHOP, TODO


class Model:
    """An interpreter that makes its own ids: `id-1` is the first thing's."""

    def __init__(self, app: App) -> None:
        self.interpreter = Interpreter(app)

    def ask(self, method: str, path: str, body: object = None, at_ms: int = 0) -> Expected:
        path, _, query = path.partition("?")
        raw = body if isinstance(body, bytes) else b"" if body is None else encode(body)
        answer = self.interpreter.answer(Ask(method, path, query, raw), Window(at_ms, at_ms))
        if isinstance(answer.body, dict) and isinstance(answer.body["id"], Ref):
            serial = answer.body["id"].serial
            self.interpreter.world.learn(serial, f"id-{serial}")
        return answer

    def made(self, path: str, body: object) -> str:
        answer = self.ask("POST", path, body)
        assert answer.status == 201, answer
        assert isinstance(answer.body, dict)
        return f"id-{answer.body['id'].serial}"


def errors(answer: Expected) -> tuple[int, str, list[tuple[str, str]]]:
    assert answer.problem is not None, answer
    found = [(one.field, one.reason) for one in answer.problem.errors or ()]
    return answer.status, answer.problem.reason, found


def field(answer: Expected, name: str) -> Any:
    assert isinstance(answer.body, dict), answer
    return answer.body[name]


def listed(answer: Expected, name: str) -> list[Any]:
    assert isinstance(answer.body, list), answer
    return [one[name] for one in answer.body]


@pytest.mark.parametrize("raw", [b"{", b"[]", b"1", b"null", b'{"title":NaN}', b"\xff"])
def test_a_body_that_is_no_object_is_malformed_before_the_thing_is_missed(raw: bytes) -> None:
    answer = Model(TODO).ask("PATCH", "/todos/nobody", raw)
    assert errors(answer) == (400, "INVALID_ARGUMENT", [("body", "MALFORMED")])


def test_a_missing_thing_is_told_before_what_is_wrong_with_the_fields() -> None:
    answer = Model(TODO).ask("PATCH", "/todos/nobody", {"title": 1})
    assert errors(answer)[:2] == (404, "NOT_FOUND")


def test_all_violations_come_in_the_order_of_the_routes_takes() -> None:
    answer = Model(SHOP).ask("POST", "/products", {"price": 1, "sku": "ab", "on_sale": None})
    wanted = [
        ("sku", "TOO_SHORT"),
        ("name", "REQUIRED"),
        ("price", "TYPE"),
        ("on_sale", "REQUIRED"),
    ]
    assert errors(answer) == (422, "INVALID_ARGUMENT", wanted)


def test_null_clears_what_may_be_absent_and_no_field_with_a_default() -> None:
    model = Model(TODO)
    todo = model.made("/todos", {"title": "a", "order": 3})
    assert field(model.ask("PATCH", f"/todos/{todo}", {"order": None}), "order") is None
    refused = model.ask("PATCH", f"/todos/{todo}", {"completed": None, "title": None})
    assert errors(refused)[2] == [("title", "REQUIRED"), ("completed", "REQUIRED")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "TOO_SHORT"), (" ", ""), ("\U0001d11e" * 200, ""), ("a" * 201, "TOO_LONG")],
)
def test_text_is_measured_in_code_points_and_never_trimmed(text: str, reason: str) -> None:
    answer = Model(TODO).ask("POST", "/todos", {"title": text})
    assert (errors(answer)[2][0][1] if answer.problem else "") == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [(True, "TYPE"), (Decimal("1.0"), "TYPE"), ("1", "TYPE"), (-1, "TOO_SMALL"), (2**53 - 1, "")],
)
def test_a_whole_number_is_a_json_integer(value: object, reason: str) -> None:
    answer = Model(TODO).ask("POST", "/todos", {"title": "a", "order": value})
    assert (errors(answer)[2][0][1] if answer.problem else "") == reason


def test_a_number_beyond_two_to_the_fifty_third_is_too_large() -> None:
    answer = Model(TODO).ask("POST", "/todos", {"title": "a", "order": 2**53})
    assert errors(answer)[2] == [("order", "TOO_LARGE")]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-11-25T10:00:00+02:00", "2026-11-25T08:00:00.000Z"),
        ("2026-11-25T10:00:00.9999Z", "2026-11-25T10:00:00.999Z"),
        ("2026-11-25t10:00:00.5z", "2026-11-25T10:00:00.500Z"),
        ("2026-11-25T10:00:00", None),
        ("2026-02-30T10:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
    ],
)
def test_a_time_is_kept_in_utc_cut_to_milliseconds(text: str, canonical: str | None) -> None:
    assert canonical_time(text) == canonical


def test_an_always_rule_with_an_absent_operand_holds() -> None:
    model = Model(LIBRARY)
    shelf = model.made("/shelves", {"label": "a"})
    model.made("/books", {"shelf": shelf, "title": "a", "from_page": 9})
    broken = {"shelf": shelf, "title": "a", "from_page": 9, "pages": 8}
    wanted = (422, "INVALID_ARGUMENT", [("from_page", "RULE"), ("pages", "RULE")])
    assert errors(model.ask("POST", "/books", broken)) == wanted


def test_effects_see_the_thing_with_its_takes_and_before_any_effect() -> None:
    model = Model(LIBRARY)
    shelf = model.made("/shelves", {"label": "a"})
    book = model.made("/books", {"shelf": shelf, "title": "a"})
    lent = model.ask("POST", f"/books/{book}/lend", {"borrower": "ann"}, at_ms=5)
    assert (field(lent, "status"), field(lent, "borrower")) == ("lent", "ann")
    refused = model.ask("POST", f"/books/{book}/lend", {"borrower": "bob"})
    assert errors(refused)[:2] == (409, "FAILED_PRECONDITION")
    back = model.ask("POST", f"/books/{book}/return")
    assert (field(back, "status"), field(back, "borrower")) == ("read", None)


def test_a_change_that_changes_nothing_keeps_the_time_of_the_last() -> None:
    model = Model(LIBRARY)
    shelf = model.made("/shelves", {"label": "a"})
    book = model.made("/books", {"shelf": shelf, "title": "a"})
    same = field(model.ask("PATCH", f"/books/{book}", {"title": "a"}, at_ms=7), "edited")
    other = field(model.ask("PATCH", f"/books/{book}", {"title": "b"}, at_ms=9), "edited")
    assert isinstance(same, Moment)
    assert (same.window.before_ms, other.window.before_ms) == (0, 9)


def test_a_shelf_in_use_stays_and_a_book_takes_its_reviews_along() -> None:
    model = Model(LIBRARY)
    shelf = model.made("/shelves", {"label": "a"})
    book = model.made("/books", {"shelf": shelf, "title": "a"})
    model.made("/reviews", {"book": book, "stars": 4})
    in_use = model.ask("DELETE", f"/shelves/{shelf}")
    assert errors(in_use) == (409, "FAILED_PRECONDITION", [("book", "IN_USE")])
    assert model.ask("DELETE", f"/books/{book}").status == 204
    assert listed(model.ask("GET", "/reviews"), "id") == []
    assert model.ask("DELETE", f"/shelves/{shelf}").status == 204


def test_a_limit_per_shelf_counts_each_shelf_alone() -> None:
    model = Model(LIBRARY)
    shelves = [model.made("/shelves", {"label": label}) for label in "ab"]
    books = [
        model.made("/books", {"shelf": shelf, "title": "a"}) for shelf in shelves for _ in range(3)
    ]
    started = [model.ask("POST", f"/books/{book}/start") for book in books]
    assert [one.status for one in started] == [200, 200, 409, 200, 200, 409]
    assert errors(started[2])[2] == [("book", "LIMIT")]


def test_unique_ignores_case_where_it_says_so_and_absent_values_never_collide() -> None:
    model = Model(LIBRARY)
    model.made("/shelves", {"label": "a", "code": "ab"})
    model.made("/shelves", {"label": "A"})
    model.made("/shelves", {"label": "b"})
    taken = model.ask("POST", "/shelves", {"label": "a", "code": "AB"})
    wanted = [("label", "NOT_UNIQUE"), ("code", "NOT_UNIQUE")]
    assert errors(taken) == (409, "ALREADY_EXISTS", wanted)


def test_an_average_is_rounded_half_up_and_of_none_is_absent() -> None:
    model = Model(LIBRARY)
    shelf = model.made("/shelves", {"label": "a"})
    book = model.made("/books", {"shelf": shelf, "title": "a"})
    assert field(model.ask("GET", f"/books/{book}"), "rating") is None
    for stars in (4, 4, 4, 5):
        model.made("/reviews", {"book": book, "stars": stars})
    assert field(model.ask("GET", f"/books/{book}"), "rating") == Decimal("4.3")


def test_money_is_exact_text_and_a_sum_of_none_is_nought() -> None:
    model = Model(SHOP)
    product = model.made("/products", {"sku": "A-1", "name": "tea", "price": "0.1"})
    sale = model.made("/sales", {})
    assert field(model.ask("GET", f"/sales/{sale}"), "total") == "0.00"
    for _ in range(3):
        model.made(f"/sales/{sale}/lines", {"product": product})
    assert field(model.ask("GET", f"/sales/{sale}"), "total") == "0.30"


def test_an_effect_beyond_its_fields_bounds_is_a_conflict() -> None:
    model = Model(SHOP)
    product = model.made("/products", {"sku": "A-1", "name": "tea", "price": "4.20"})
    sold = model.ask("POST", f"/products/{product}/sell")
    assert errors(sold) == (409, "FAILED_PRECONDITION", [("stock", "TOO_SMALL")])


def test_a_sort_puts_absent_last_both_ways_and_ties_oldest_first() -> None:
    model = Model(LIBRARY)
    shelf = model.made("/shelves", {"label": "a"})
    for title, pages in (("b", 1), ("B", None), ("a", 2), ("b", 3), ("b", 1)):
        model.made("/books", {"shelf": shelf, "title": title} | ({"pages": pages} if pages else {}))
    page = model.interpreter.page("All books", {"page": "1"}, Window(0, 0))
    # Casefold puts "B" before "b" where all else is the same; pages fall; absent pages are last.
    assert (page.count, [serial for serial, _ in page.rows]) == (5, [4, 3, 5, 2])
    second = model.interpreter.page("All books", {"page": "2"}, Window(0, 0))
    assert [serial for serial, _ in second.rows] == [6]


def test_a_list_goes_on_where_its_cursor_says() -> None:
    model = Model(TODO)
    for title in "abc":
        model.made("/todos", {"title": title})
    assert model.ask("GET", "/todos?limit=2").more == 2
    model.interpreter.cursors["c"] = 2
    assert listed(model.ask("GET", "/todos?limit=2&cursor=c"), "title") == ["c"]
    wrong = model.ask("GET", "/todos?limit=0&cursor=x")
    assert errors(wrong)[2] == [("limit", "TOO_SMALL"), ("cursor", "NOT_THERE")]


def test_filters_compare_values_and_refuse_what_is_none() -> None:
    model = Model(SHOP)
    for sku, sale in (("A-1", True), ("A-2", False)):
        body = {"sku": sku, "name": "tea", "price": "4.20", "on_sale": sale}
        model.made("/products", body)
    assert listed(model.ask("GET", "/products?on_sale=no&price=4.2"), "sku") == ["A-2"]
    assert listed(model.ask("GET", "/products?on_sale=&stock=0"), "sku") == ["A-1", "A-2"]
    wrong = model.ask("GET", "/products?on_sale=maybe&price=cheap")
    assert errors(wrong)[2] == [("on_sale", "TYPE"), ("price", "TYPE")]


def test_a_path_below_a_thing_that_is_not_there_is_not_there() -> None:
    model = Model(SHOP)
    assert model.ask("GET", "/sales/nobody/lines").status == 404
    assert model.ask("POST", "/sales/nobody/lines", {"product": "nobody"}).status == 404


def test_other_methods_are_named_and_a_trailing_slash_is_the_same() -> None:
    model = Model(TODO)
    assert model.ask("PUT", "/todos/").allow == {"GET", "POST", "DELETE", "HEAD", "OPTIONS"}
    assert model.ask("OPTIONS", "/todos/x").allow == {"GET", "PATCH", "DELETE", "HEAD", "OPTIONS"}
    assert model.ask("OPTIONS", "/nothing").status == 404


def test_a_refused_request_changes_nothing() -> None:
    model = Model(LIBRARY)
    shelf = model.made("/shelves", {"label": "a"})
    before = json.dumps(listed(model.ask("GET", "/shelves"), "label"))
    model.ask("PATCH", f"/shelves/{shelf}", {"label": "b", "room": 9})
    assert json.dumps(listed(model.ask("GET", "/shelves"), "label")) == before
