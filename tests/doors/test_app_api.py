"""The routes of an app as its manifest says them, to the letter of the semantics."""

import asyncio
from typing import Any

import httpx
import pytest
from aidevos_host.policy import ServicePolicy
from todo_world import MANIFEST, TodoWorld, todo_world

NOBODY = "018f0000-0000-7000-8000-000000000000"


def problem(reply: httpx.Response) -> dict[str, Any]:
    assert reply.headers["content-type"] == "application/problem+json"
    body = dict(reply.json())
    assert body["status"] == reply.status_code
    assert body["type"] == "about:blank"
    return body


async def test_a_created_thing_has_every_field_and_an_address(todo: TodoWorld) -> None:
    made = await todo.api.post("/todos", json={"title": "Buy milk"})
    assert made.status_code == 201
    body = made.json()
    assert list(body) == ["id", "title", "completed", "order", "price", "url"]
    assert (body["completed"], body["order"]) == (False, None)
    assert body["url"] == f"http://apps.test:8080/todo/api/todos/{body['id']}"
    assert made.headers["location"] == body["url"]
    assert (await todo.api.get(body["url"])).json() == body


async def test_links_are_made_from_the_requests_host(todo: TodoWorld) -> None:
    made = await todo.add("a")
    shown = await todo.api.get(f"/todos/{made['id']}", headers={"host": "other.test"})
    assert shown.json()["url"] == f"http://other.test/todo/api/todos/{made['id']}"


async def test_a_host_that_is_none_is_refused(todo: TodoWorld) -> None:
    reply = await todo.api.get("/todos", headers={"host": 'a"><script>'})
    assert reply.status_code == 400


async def test_a_change_keeps_what_is_absent_and_clears_what_is_null(todo: TodoWorld) -> None:
    made = await todo.add("a", order=3)
    place = f"/todos/{made['id']}"
    assert (await todo.api.patch(place, json={"completed": True})).json()["order"] == 3
    changed = await todo.api.patch(place, json={"order": None})
    assert (changed.json()["order"], changed.json()["completed"]) == (None, True)


async def test_unknown_and_read_only_names_are_ignored(todo: TodoWorld) -> None:
    made = await todo.add("a", id="mine", completed=True, url="x", nonsense={"deep": [1]})
    assert made["id"] != "mine"
    assert made["completed"] is False


async def test_lists_are_bare_arrays_oldest_first(todo: TodoWorld) -> None:
    assert (await todo.api.get("/todos")).json() == []
    made = [await todo.add(title) for title in "cab"]
    assert (await todo.api.get("/todos")).json() == made


async def test_a_list_may_be_larger_than_what_a_turn_keeps(todo: TodoWorld) -> None:
    titles = [letter * 450_000 for letter in "abc"]
    for title in titles:
        await todo.add(title)
    assert [one["title"] for one in (await todo.api.get("/todos")).json()] == titles


async def test_a_deleted_thing_is_gone_and_delete_all_works_on_nothing(todo: TodoWorld) -> None:
    made = await todo.add("a")
    gone = await todo.api.delete(f"/todos/{made['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await todo.api.get(f"/todos/{made['id']}")).status_code == 404
    for _ in range(2):
        assert (await todo.api.delete("/todos")).status_code == 204


@pytest.mark.parametrize("id", [NOBODY, "nothing", "%7Bx%7D", "a%2Fb", "%00", "x" * 600, "%FF"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_any_id_may_be_asked_for(todo: TodoWorld, method: str, id: str) -> None:
    reply = await todo.api.request(method, f"/todos/{id}", json={"title": "", "order": "x"})
    assert reply.status_code == 404
    assert problem(reply)["reason"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"3", b"null", b'"x"', b'{"title":NaN}', b'{"title":"\xff"}', b"[" * 100_000,
     b'{"title":' + b"[" * 100_000, b'{"title":01}', b"\xff\xfe{}", b'{"a":1} x'],
)  # fmt: skip
async def test_a_body_that_is_no_json_object_is_400_at_the_body(
    todo: TodoWorld, body: bytes
) -> None:
    reply = await todo.api.post("/todos", content=body)
    assert reply.status_code == 400
    told = problem(reply)
    assert told["reason"] == "INVALID_ARGUMENT"
    assert [(e["field"], e["reason"]) for e in told["errors"]] == [("body", "MALFORMED")]
    assert (await todo.api.get("/todos")).json() == []


async def test_a_malformed_body_is_told_before_a_missing_thing(todo: TodoWorld) -> None:
    assert (await todo.api.patch(f"/todos/{NOBODY}", content=b"{")).status_code == 400


async def test_an_empty_body_is_an_empty_object(todo: TodoWorld) -> None:
    reply = await todo.api.post("/todos")
    assert reply.status_code == 422
    assert problem(reply)["errors"][0]["reason"] == "REQUIRED"


async def test_the_content_type_is_not_checked(todo: TodoWorld) -> None:
    reply = await todo.api.post(
        "/todos", content=b'{"title":"a"}', headers={"content-type": "text/plain"}
    )
    assert reply.status_code == 201


async def test_every_wrong_field_is_named_at_once(todo: TodoWorld) -> None:
    reply = await todo.api.post("/todos", json={"title": "", "order": "3"})
    told = problem(reply)
    assert reply.status_code == 422
    found = [(error["field"], error["reason"]) for error in told["errors"]]
    assert found == [("title", "TOO_SHORT"), ("order", "TYPE")]


@pytest.mark.parametrize(
    ("body", "field"),
    [(b'{"title":"\\ud800","order":1}', "title"), (b'{"title":"a","order":1.0}', "order"),
     (b'{"title":"a","order":1e999}', "order"), (b'{"title":["\\udfff"]}', "title")],
)  # fmt: skip
async def test_json_that_cannot_be_kept_is_a_wrong_type_of_its_field(
    todo: TodoWorld, body: bytes, field: str
) -> None:
    reply = await todo.api.post("/todos", content=body)
    assert reply.status_code == 422
    assert problem(reply)["errors"][0]["field"] == field
    assert problem(reply)["errors"][0]["reason"] == "TYPE"


async def test_numbers_keep_their_digits(todo: TodoWorld) -> None:
    reply = await todo.api.post("/todos", content=b'{"title":"a","price":4.5}')
    assert b'"price":4.5,' in reply.content


async def test_a_state_that_forbids_it_is_409(todo: TodoWorld) -> None:
    made = await todo.add("a")
    assert (await todo.api.post(f"/todos/{made['id']}/finish")).status_code == 200
    again = await todo.api.post(f"/todos/{made['id']}/finish")
    assert again.status_code == 409
    assert problem(again)["reason"] == "FAILED_PRECONDITION"


async def test_a_value_that_is_taken_is_409_with_the_field(todo: TodoWorld) -> None:
    await todo.add("a")
    reply = await todo.api.post("/todos", json={"title": "a"})
    assert reply.status_code == 409
    told = problem(reply)
    assert (told["reason"], told["errors"][0]["reason"]) == ("ALREADY_EXISTS", "NOT_UNIQUE")


async def test_a_bug_in_a_method_is_500_without_a_traceback(todo: TodoWorld) -> None:
    made = await todo.add("a")
    reply = await todo.api.get(f"/todos/{made['id']}/broken")
    assert reply.status_code == 500
    assert problem(reply)["reason"] == "HANDLER_FAILED"
    assert "ValueError" not in reply.text


# ---- methods and paths ------------------------------------------------------------------------


async def test_another_method_is_405_with_allow(todo: TodoWorld) -> None:
    reply = await todo.api.put("/todos", json={})
    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET, HEAD, POST, DELETE, OPTIONS"
    assert problem(reply)["reason"] == "METHOD_NOT_ALLOWED"


async def test_options_is_204_with_allow(todo: TodoWorld) -> None:
    reply = await todo.api.options("/todos/x")
    assert (reply.status_code, reply.content) == (204, b"")
    assert reply.headers["allow"] == "GET, HEAD, PATCH, DELETE, OPTIONS"


async def test_head_is_get_without_a_body(todo: TodoWorld) -> None:
    await todo.add("a")
    got, head = await todo.api.get("/todos"), await todo.api.head("/todos")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))


async def test_a_trailing_slash_is_the_same_resource(todo: TodoWorld) -> None:
    made = await todo.api.post("/todos/", json={"title": "a"})
    assert made.status_code == 201
    assert (await todo.api.get(f"/todos/{made.json()['id']}/")).json() == made.json()


@pytest.mark.parametrize("path", ["/nothing", "/todos/x/y/z", "/todos//finish"])
async def test_an_unknown_path_is_404(todo: TodoWorld, path: str) -> None:
    reply = await todo.api.post(path, json={})
    assert reply.status_code == 404
    assert problem(reply)["reason"] == "NOT_FOUND"


async def test_every_answer_may_be_read_by_pages_of_any_origin(todo: TodoWorld) -> None:
    replies = [
        await todo.api.get("/todos"),
        await todo.api.options("/todos"),
        await todo.api.put("/todos"),
        await todo.api.get("/nothing"),
        await todo.api.post("/todos", content=b"{"),
    ]
    for reply in replies:
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in reply.headers


async def test_a_preflight_is_allowed_the_headers_that_changes_use(todo: TodoWorld) -> None:
    reply = await todo.api.options(
        "/todos", headers={"origin": "http://b.test", "access-control-request-method": "POST"}
    )
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert "idempotency-key" in reply.headers["access-control-allow-headers"]


# ---- lists ------------------------------------------------------------------------------------


async def test_a_filter_compares_and_an_empty_one_does_not(todo: TodoWorld) -> None:
    made = [await todo.add(title) for title in "ab"]
    await todo.api.post(f"/todos/{made[0]['id']}/finish")
    for words, count in (("false", 1), ("no", 1), ("yes", 1), ("", 2)):
        assert len((await todo.api.get(f"/todos?completed={words}")).json()) == count
    wrong = await todo.api.get("/todos?completed=perhaps")
    assert wrong.status_code == 422
    assert problem(wrong)["errors"][0]["reason"] == "TYPE"


async def test_pages_follow_their_links_to_the_end(todo: TodoWorld) -> None:
    made = [await todo.add(title) for title in "abcde"]
    seen, place = [], "/todos?completed=no&limit=2"
    while place:
        reply = await todo.api.get(place)
        seen += reply.json()
        place = reply.links.get("next", {}).get("url", "")
        assert place == "" or place.startswith("http://apps.test:8080/todo/api/todos?")
    assert seen == made


async def test_a_page_goes_on_where_it_was_when_its_last_thing_is_gone(todo: TodoWorld) -> None:
    made = [await todo.add(title) for title in "abcd"]
    first = await todo.api.get("/todos?limit=2")
    await todo.api.delete(f"/todos/{made[1]['id']}")
    rest = await todo.api.get(first.links["next"]["url"])
    assert [one["title"] for one in rest.json()] == ["c", "d"]


async def test_a_cursor_without_a_limit_gives_the_rest(todo: TodoWorld) -> None:
    for title in "abc":
        await todo.add(title)
    place = (await todo.api.get("/todos?limit=1")).links["next"]["url"].replace("limit=1&", "")
    assert [one["title"] for one in (await todo.api.get(place)).json()] == ["b", "c"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=-1", "limit=" + "9" * 99]
)
async def test_a_limit_out_of_bounds_is_422(todo: TodoWorld, query: str) -> None:
    reply = await todo.api.get(f"/todos?{query}")
    assert reply.status_code == 422
    assert problem(reply)["errors"][0]["field"] == "limit"


@pytest.mark.parametrize("cursor", ["abc", "!!", "AAAA", "%00", "kgGh", "xxxxxxxxxxxxxxxxxxxx"])
async def test_a_cursor_that_no_list_gave_is_422(todo: TodoWorld, cursor: str) -> None:
    reply = await todo.api.get(f"/todos?cursor={cursor}")
    assert reply.status_code == 422
    assert problem(reply)["errors"][0]["field"] == "cursor"


# ---- once, and on what is known ---------------------------------------------------------------


async def test_a_repeat_with_the_key_gets_the_first_answer(todo: TodoWorld) -> None:
    key = {"idempotency-key": "k1"}
    copies = [todo.api.post("/todos", json={"title": "a"}, headers=key) for _ in range(3)]
    replies = await asyncio.gather(*copies)
    replies.append(await todo.api.post("/todos", json={"title": "a"}, headers=key))
    assert {(reply.status_code, reply.content) for reply in replies} == {(201, replies[0].content)}
    assert len((await todo.api.get("/todos")).json()) == 1


async def test_a_repeat_of_a_refusal_is_the_same_refusal(todo: TodoWorld) -> None:
    key = {"idempotency-key": "k1"}
    first = await todo.api.post("/todos", json={"title": ""}, headers=key)
    again = await todo.api.post("/todos", json={"title": ""}, headers=key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.status_code == 422


async def test_the_key_with_another_payload_or_path_is_422(todo: TodoWorld) -> None:
    key = {"idempotency-key": "k1"}
    made = await todo.api.post("/todos", json={"title": "a"}, headers=key)
    other = await todo.api.post("/todos", json={"title": "b"}, headers=key)
    place = f"/todos/{made.json()['id']}"
    for reply in (other, await todo.api.patch(place, json={"title": "a"}, headers=key)):
        assert reply.status_code == 422
        assert problem(reply)["reason"] == "ALREADY_EXISTS"
    assert len((await todo.api.get("/todos")).json()) == 1


@pytest.mark.parametrize("key", ["x" * 500, "sch\xf6n", " "])
async def test_any_key_will_do(todo: TodoWorld, key: str) -> None:
    headers = {"idempotency-key": key.encode("latin-1")}
    for _ in range(2):
        made = await todo.api.post("/todos", json={"title": "a"}, headers=headers)
        assert made.status_code == (201 if key.strip() else made.status_code)
    assert len((await todo.api.get("/todos")).json()) == 1


async def test_a_change_of_a_version_that_is_gone_is_412(todo: TodoWorld) -> None:
    place = f"/todos/{(await todo.add('a'))['id']}"
    tag = (await todo.api.get(place)).headers["etag"]
    first = await todo.api.patch(place, json={"title": "b"}, headers={"if-match": tag})
    second = await todo.api.patch(place, json={"title": "c"}, headers={"if-match": tag})
    assert (first.status_code, second.status_code) == (200, 412)
    assert first.headers["etag"] != tag
    assert problem(second)["reason"] == "VERSION_CONFLICT"
    assert (
        await todo.api.patch(place, json={}, headers={"if-match": "nonsense"})
    ).status_code == 422


# ---- who, and what there is -------------------------------------------------------------------


async def test_what_no_grant_allows_is_403() -> None:
    policy = ServicePolicy(frozenset({("anyone", "TodoApp", "list_todos")}))
    async with todo_world(policy) as todo:
        assert (await todo.api.get("/todos")).status_code == 200
        refused = await todo.api.post("/todos", json={"title": "a"})
    assert refused.status_code == 403
    assert problem(refused)["reason"] == "PERMISSION_DENIED"


async def test_the_api_tells_its_routes_and_its_openapi_document(todo: TodoWorld) -> None:
    index = (await todo.api.get("")).json()
    assert len(index["routes"]) == len(MANIFEST.routes)
    document = (await todo.api.get(index["openapi"])).json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]["/todos/{id}"]) == {"get", "patch", "delete"}
    assert document["servers"] == [{"url": "http://apps.test:8080/todo/api"}]


async def test_a_removed_app_is_404_and_a_new_version_serves_at_once(todo: TodoWorld) -> None:
    todo.door.remove("todo")
    assert (await todo.api.get("/todos")).status_code == 404
    todo.door.install(MANIFEST)
    assert (await todo.api.get("/todos")).status_code == 200
