"""Generated apps run on a real host behind the real door and do what their model says."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import app_samples as samples
import httpx
import msgspec
import pytest
from app_world import World


@pytest.fixture
async def todos(tmp_path: Path) -> AsyncIterator[World]:
    async with World(samples.todo(), tmp_path) as world:
        yield world


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[World]:
    async with World(samples.library(), tmp_path) as world:
        yield world


@pytest.fixture
async def lists(tmp_path: Path) -> AsyncIterator[World]:
    async with World(samples.lists(), tmp_path) as world:
        yield world


def errors(reply: httpx.Response) -> list[tuple[str, str]]:
    return [(error["field"], error["reason"]) for error in reply.json()["errors"]]


async def make(world: World, path: str, **body: object) -> dict[str, object]:
    reply = await world.api("POST", path, body)
    assert reply.status_code == 201, reply.text
    made: dict[str, object] = reply.json()
    return made


async def test_a_thing_is_made_shown_changed_and_deleted(todos: World) -> None:
    made = await make(todos, "/todos", title="Buy milk", completed=True)
    assert list(made) == ["id", "title", "completed", "order", "url"]
    assert made["completed"] is False, "the route does not take it"
    path = f"/todos/{made['id']}"
    assert made["url"] == f"http://app.test/todo/api{path}"

    changed = await todos.api("PATCH", path, {"completed": True, "order": 2})
    assert changed.json() == {**made, "completed": True, "order": 2}
    cleared = await todos.api("PATCH", path, {"order": None})
    assert cleared.json()["order"] is None
    assert (await todos.api("GET", path)).json() == cleared.json()

    assert (await todos.api("DELETE", path)).status_code == 204
    assert (await todos.api("GET", path)).status_code == 404


async def test_all_violations_are_told_in_the_order_of_the_route(todos: World) -> None:
    reply = await todos.api("POST", "/todos", {"order": -1, "title": "x" * 201})
    assert reply.status_code == 422
    assert errors(reply) == [("title", "TOO_LONG"), ("order", "TOO_SMALL")]
    assert errors(await todos.api("POST", "/todos", {"order": True})) == [
        ("title", "REQUIRED"),
        ("order", "TYPE"),
    ]
    made = await make(todos, "/todos", title="x")
    reply = await todos.api("PATCH", f"/todos/{made['id']}", {"completed": None, "title": None})
    assert errors(reply) == [("title", "REQUIRED"), ("completed", "REQUIRED")]


async def test_pages_show_things_in_their_order_and_escape_them(todos: World) -> None:
    for title, order in (("<b>last</b>", None), ("second", 2), ("first", 1)):
        await make(todos, "/todos", title=title, order=order)
    page = (await todos.page("/all-todos")).text
    assert page == (await todos.page("/")).text
    places = [page.index(text) for text in ("first", "second", "&lt;b&gt;last&lt;/b&gt;")]
    assert places == sorted(places)
    assert 'data-count="3"' in page


async def test_a_form_makes_a_thing_and_a_refused_one_says_why(todos: World) -> None:
    done = await todos.form("add-a-todo", "All todos", title="From a form", order="")
    assert done.status_code == 303
    assert "From a form" in (await todos.page("/all-todos")).text
    refused = await todos.form("add-a-todo", "All todos", title="", order="")
    assert refused.status_code == 422
    assert "title must have at least 1 character" in refused.text


async def test_numbers_money_times_and_lists_are_exact(library: World) -> None:
    reader = await make(library, "/readers", email="Ann@example.org", born="1990-02-28")
    book = await make(
        library,
        "/books",
        reader=reader["id"],
        title="Emma",
        price="4.2",
        weight=1.5,
        tags=["a", "b"],
    )
    assert (book["price"], book["weight"], book["cost"]) == ("4.20", 1.5, "6.30")
    assert (book["tags"], book["rating"], book["status"]) == (["a", "b"], None, "wanted")
    path = f"/books/{book['id']}"
    due = await library.api("PATCH", path, {"due": "2026-11-25T12:00:00.1239+02:00"})
    assert due.json()["due"] == "2026-11-25T10:00:00.123Z"
    assert due.json()["edited"] >= book["edited"]
    assert errors(await library.api("PATCH", path, {"tags": ["a", "a"], "price": 4.2})) == [
        ("tags", "REPEATED"),
        ("price", "TYPE"),
    ]


async def test_guards_effects_and_arguments_decide(library: World) -> None:
    ann = await make(library, "/readers", email="ann@example.org")
    bob = await make(library, "/readers", email="bob@example.org")
    book = await make(library, "/books", reader=ann["id"], title="Emma", weight=0.5, price="99.80")
    path = f"/books/{book['id']}"
    own = await library.api("POST", f"{path}/lend", {"borrower": ann["id"]})
    assert (own.status_code, errors(own)) == (409, [("status", "STATE"), ("reader", "STATE")])
    rule = "its status is not lent and its reader is not the given borrower"
    assert own.json()["detail"] == f"a book can be lent only when {rule}"
    nobody = await library.api("POST", f"{path}/lend", {"borrower": "nobody"})
    assert (nobody.status_code, errors(nobody)) == (422, [("borrower", "NOT_THERE")])
    assert errors(await library.api("POST", f"{path}/lend")) == [("borrower", "REQUIRED")]

    lent = (await library.api("POST", f"{path}/lend", {"borrower": bob["id"]})).json()
    assert (lent["status"], lent["borrower"]) == ("lent", bob["id"])
    assert (await library.api("GET", f"/readers/{ann['id']}")).json()["books_held"] == 1
    back = (await library.api("POST", f"{path}/take-back")).json()
    assert (back["status"], back["borrower"], back["due"]) == ("read", None, back["edited"])

    refused = await library.api("POST", f"{path}/raise")
    assert (refused.status_code, errors(refused)) == (422, [("price", "RULE")])
    assert refused.json()["detail"] == "price must be at most 100.00"
    assert (await library.api("POST", f"{path}/raise", {"weight": 0.2})).json()["price"] == "100.00"


async def test_unique_values_and_limits_hold(library: World) -> None:
    ann = await make(library, "/readers", email="ann@example.org")
    taken = await library.api("POST", "/readers", {"email": "ANN@example.org"})
    assert (taken.status_code, taken.json()["reason"]) == (409, "ALREADY_EXISTS")
    assert errors(taken) == [("email", "NOT_UNIQUE")]
    books = [await make(library, "/books", reader=ann["id"], title=f"{n}") for n in range(3)]
    answers = [await library.api("POST", f"/books/{book['id']}/start") for book in books]
    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert errors(answers[2]) == [("book", "LIMIT")]
    said = answers[2].json()["detail"]
    assert said == "a reader can have at most 2 books with status reading"


async def test_children_go_with_their_parent_or_hold_it(library: World) -> None:
    ann = await make(library, "/readers", email="ann@example.org")
    book = await make(library, "/books", reader=ann["id"], title="Emma")
    good = {"book": book["id"], "reader": ann["id"], "stars": 5}
    early = await library.api("POST", "/reviews", good)
    assert (early.status_code, errors(early)) == (422, [("status", "RULE"), ("rating", "RULE")])
    await library.api("POST", f"/books/{book['id']}/start")
    for stars in (5, 4, 4):
        await make(library, "/reviews", book=book["id"], reader=ann["id"], stars=stars)
    assert (await library.api("GET", f"/books/{book['id']}")).json()["rating"] == 4.3
    held = await library.api("DELETE", f"/readers/{ann['id']}")
    assert (held.status_code, errors(held)) == (409, [("book", "IN_USE")])
    assert held.json()["detail"] == "a reader with books cannot be deleted"
    assert (await library.api("DELETE", f"/books/{book['id']}")).status_code == 204
    assert (await library.api("GET", "/reviews")).json() == []
    assert (await library.api("DELETE", f"/readers/{ann['id']}")).status_code == 204


async def test_a_value_follows_parents_and_references(library: World) -> None:
    ann = await make(library, "/readers", email="ann@example.org")
    book = await make(library, "/books", reader=ann["id"], title="Emma")
    review = await make(library, "/reviews", book=book["id"], reader=ann["id"], stars=1)
    assert (review["of_title"], review["of_borrower"]) == ("Emma", None)


async def test_a_page_is_searched_filtered_and_cut(library: World) -> None:
    ann = await make(library, "/readers", email="ann@example.org")
    for title in ("b one", "a two", "c ONE"):
        await make(library, "/books", reader=ann["id"], title=title, tags=[title[0]])
    assert 'data-count="3"' in (first := (await library.page("/library")).text)
    assert "page=2" in first
    assert first.count("<li data-id=") == 2
    assert (await library.page("/library?page=2")).text.count("<li data-id=") == 1
    assert 'data-count="2"' in (await library.page("/library?q=one")).text
    assert 'data-count="1"' in (await library.page("/library?tags=a")).text
    assert 'data-count="3"' in (await library.page("/library?status=wanted")).text
    assert (await library.page("/book?id=nothing")).status_code == 404


async def test_only_what_a_thing_allows_now_is_offered(library: World) -> None:
    ann = await make(library, "/readers", email="ann@example.org")
    book = await make(library, "/books", reader=ann["id"], title="Emma")
    for path in ("/library", f"/book?id={book['id']}"):
        assert "/do/start-a-book" in (await library.page(path)).text
    await library.api("POST", f"/books/{book['id']}/start")
    for path in ("/library", f"/book?id={book['id']}"):
        assert "/do/start-a-book" not in (await library.page(path)).text
    assert "/do/lend-a-book" in (await library.page("/library")).text, "its guard asks for more"


async def test_a_long_form_is_closed_while_its_list_has_entries(library: World) -> None:
    opened, closed = '<details class="new" open>', '<details class="new">'
    assert opened in (await library.page("/library")).text
    ann = await make(library, "/readers", email="ann@example.org")
    await make(library, "/books", reader=ann["id"], title="Emma")
    assert closed in (await library.page("/library")).text
    refused = await library.form("add-a-book", "Library", title="")
    assert opened in refused.text


async def test_optional_is_said_of_optional_fields_alone(library: World) -> None:
    page = (await library.page("/library")).text
    labels = dict(re.findall(r'<label for="add-a-book-(\w+)">(.*?)</label>', page))
    assert "optional" not in labels["reader"] + labels["title"]
    assert all("optional" in labels[name] for name in ("isbn", "tags", "price", "weight"))


async def test_a_form_begins_with_what_the_thing_has(library: World) -> None:
    ann = await make(library, "/readers", email="ann@example.org")
    book = await make(library, "/books", reader=ann["id"], title=' "<Emma>"', tags=[" a", "b"])
    page = (await library.page("/library")).text
    assert 'value=" &#34;&lt;Emma&gt;&#34;"' in page
    assert "\n a\nb</textarea>" in page
    sent = {"id": str(book["id"]), "title": "Emma", "tags": "x\n\n y ", "price": ""}
    assert (await library.form("change-a-book", "Library", **sent)).status_code == 303
    changed = (await library.api("GET", f"/books/{book['id']}")).json()
    assert (changed["title"], changed["tags"], changed["price"]) == ("Emma", ["x", "y"], None)
    only = {"id": str(book["id"])}
    assert (await library.form("start-a-book", "Library", **only)).status_code == 303
    assert (await library.api("GET", f"/books/{book['id']}")).json()["tags"] == ["x", "y"]


async def test_paths_below_a_parent_check_it_and_give_its_things_alone(lists: World) -> None:
    one = await make(lists, "/lists", name="one", type="work at the office")
    two = await make(lists, "/lists", name="two")
    items = f"/lists/{one['id']}/items"
    item = await make(lists, items, **{"from": "me", "self": "x", "fields": ["a"], "str": 5})
    assert (item["list"], item["self"], item["from"]) == (one["id"], "x", "me")
    assert (await lists.api("GET", items)).json() == [item]
    assert (await lists.api("GET", f"/lists/{two['id']}/items")).json() == []
    assert (await lists.api("GET", f"/lists/{two['id']}/items/{item['id']}")).status_code == 404
    missing = await lists.api("POST", "/lists/nowhere/items", {"from": 7})
    assert missing.status_code == 404
    assert (await lists.api("DELETE", items)).status_code == 204
    assert (await lists.api("GET", "/items")).json() == []


async def test_lists_are_filtered_by_the_text_of_a_value(lists: World) -> None:
    one = await make(lists, "/lists", name="one")
    for number in (1, 2):
        item = {"from": f"{number}", "event": number == 1, "str": number, "fields": [f"{number}"]}
        await make(lists, f"/lists/{one['id']}/items", **item)
    for query in ("event=yes", "str=1", "fields=1"):
        found = (await lists.api("GET", f"/items?{query}")).json()
        assert [item["from"] for item in found] == ["1"], query
    wrong = await lists.api("GET", "/items?event=maybe&str=x")
    assert (wrong.status_code, errors(wrong)) == (422, [("event", "TYPE"), ("str", "TYPE")])
    typed = await lists.api("GET", "/lists?type=nothing")
    assert errors(typed) == [("type", "TYPE")]


async def test_default_lists_are_filtered_and_lie_below_their_parents(tmp_path: Path) -> None:
    app = msgspec.structs.replace(samples.library(), routes=None)
    async with World(app, tmp_path) as world:
        ann, bob = [await make(world, "/readers", email=f"{n}@example.org") for n in ("ann", "bob")]
        emma = await make(world, "/books", reader=ann["id"], title="Emma")
        dune = await make(world, "/books", reader=bob["id"], title="Dune")
        await world.api("POST", f"/books/{dune['id']}/start")
        for query, titles in (
            (f"?reader={ann['id']}", ["Emma"]),
            ("?status=reading", ["Dune"]),
            (f"?status=reading&reader={ann['id']}", []),
            ("?title=Dune", ["Emma", "Dune"]),
        ):
            found = (await world.api("GET", f"/books{query}")).json()
            assert [book["title"] for book in found] == titles, query
        assert errors(await world.api("GET", "/books?status=x")) == [("status", "TYPE")]
        assert (await world.api("GET", f"/readers/{ann['id']}/books")).json() == [emma]
        assert (await world.api("GET", f"/readers/{ann['id']}/books?status=lent")).json() == []
        assert (await world.api("GET", "/readers/nobody/books")).status_code == 404


async def test_a_spec_without_a_table_has_the_default_routes(tmp_path: Path) -> None:
    async with World(samples.plain(), tmp_path) as world:
        note = await make(world, "/notes", text=None)
        assert (await world.api("GET", f"/notes/{note['id']}")).json() == note
        assert (await world.api("DELETE", f"/notes/{note['id']}")).status_code == 405
