"""The pages of an app, its forms, and the policy under which both are shown."""

import base64
import hashlib

import httpx
import msgspec
import pytest
from todo_world import MANIFEST, TodoWorld

HOME = {"referer": "http://apps.test:8080/todo/all"}


async def post(todo: TodoWorld, form: str, data: object, **headers: str) -> httpx.Response:
    return await todo.web.post(f"/todo/do/{form}", data=data, headers={**HOME, **headers})  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/todo", "/todo/", "/todo/all", "/todo/all/"])
async def test_a_page_shows_what_is_there(todo: TodoWorld, path: str) -> None:
    made = await todo.add("<b>milk</b>")
    page = await todo.web.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<li data-id={made['id']}>&lt;b&gt;milk" in page.text
    assert 'href="http://apps.test:8080/todo/api"' in page.text


async def test_a_page_may_load_nothing_but_its_own_styles(todo: TodoWorld) -> None:
    page = await todo.web.get("/todo/")
    policy = page.headers["content-security-policy"]
    style = base64.b64encode(hashlib.sha256(b"li{color:red}").digest()).decode()
    assert f"style-src 'sha256-{style}';" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"


async def test_pages_are_not_read_by_other_origins(todo: TodoWorld) -> None:
    assert "access-control-allow-origin" not in (await todo.web.get("/todo/")).headers


async def test_a_filter_of_a_page_works_and_a_wrong_one_is_told(todo: TodoWorld) -> None:
    await todo.add("a")
    assert 'data-count="0"' in (await todo.web.get("/todo/all?completed=yes")).text
    wrong = await todo.web.get("/todo/all?completed=perhaps")
    assert "completed must be true or false" in wrong.text
    assert 'data-count="1"' in wrong.text


async def test_a_form_does_its_action_and_leads_back_to_its_page(todo: TodoWorld) -> None:
    came_from = "http://apps.test:8080/todo/all?completed=no"
    done = await post(todo, "add", {"title": "a", "order": "3", "price": ""}, referer=came_from)
    assert (done.status_code, done.headers["location"]) == (303, "/todo/all?completed=no")
    shown = (await todo.api.get("/todos")).json()
    assert [(one["title"], one["order"], one["price"]) for one in shown] == [("a", 3, None)]


async def test_a_form_of_a_thing_clears_what_is_empty_and_keeps_what_it_has_not(
    todo: TodoWorld,
) -> None:
    made = await todo.add("a", order=3)
    await post(todo, "change", {"id": made["id"], "order": "", "completed": "on"})
    shown = (await todo.api.get(f"/todos/{made['id']}")).json()
    assert (shown["title"], shown["order"], shown["completed"]) == ("a", None, True)


async def test_a_refused_form_shows_its_page_with_the_problem(todo: TodoWorld) -> None:
    for data, words in (({"title": ""}, "title is too short"), ({"title": "a", "order": "x"},
                        "order must be a whole number")):  # fmt: skip
        page = await post(todo, "add", data)
        assert page.status_code == 422
        assert words in page.text
        assert "<ul" in page.text


async def test_a_form_on_a_thing_that_is_gone_says_so(todo: TodoWorld) -> None:
    page = await post(todo, "finish", {"id": "nobody"})
    assert page.status_code == 404
    assert "nobody" in page.text


async def test_a_form_names_its_page_and_can_name_no_other_place(todo: TodoWorld) -> None:
    evil = "http://evil.test/todo/all/../../x"
    named = await post(todo, "add?from=All", {"title": "a"}, referer=evil)
    other = await post(todo, "add?from=http://evil.test", {"title": "b"}, referer=evil)
    assert named.headers["location"] == other.headers["location"] == "/todo/all"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://apps.test:8080"},
    ],
)
async def test_a_form_of_another_site_does_nothing(
    todo: TodoWorld, headers: dict[str, str]
) -> None:
    reply = await post(todo, "add", {"title": "a"}, **headers)
    assert reply.status_code == 403
    assert (await todo.api.get("/todos")).json() == []


async def test_a_form_of_the_same_origin_is_taken(todo: TodoWorld) -> None:
    headers = {"origin": "http://apps.test:8080", "sec-fetch-site": "same-origin"}
    assert (await post(todo, "add", {"title": "a"}, **headers)).status_code == 303


async def test_unknown_pages_and_forms_are_404_and_forms_are_not_got(todo: TodoWorld) -> None:
    assert (await todo.web.get("/todo/nothing")).status_code == 404
    assert (await post(todo, "nothing", {})).status_code == 404
    got = await todo.web.get("/todo/do/add")
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    assert (await todo.web.post("/todo/all")).status_code == 405


async def test_the_listener_lists_its_apps_for_people_and_programs(todo: TodoWorld) -> None:
    page = await todo.web.get("/")
    assert '<a href="/todo/">Todo &amp; Co</a>' in page.text
    listed = await todo.web.get("/", headers={"accept": "application/json"})
    assert listed.json()["apps"][0]["api"] == "/todo/api"


async def test_an_app_without_pages_shows_its_routes(todo: TodoWorld) -> None:
    todo.door.install(msgspec.structs.replace(MANIFEST, name="bare", title="Bare", pages=()))
    page = await todo.web.get("/bare/")
    assert page.status_code == 200
    assert "<h1>Bare</h1>" in page.text
    assert 'href="/bare/api"' in page.text
    assert "<code>POST /todos/{id}/finish</code>" in page.text
    assert (await todo.web.get("/bare/all")).status_code == 404


async def test_a_page_that_is_not_there_says_so_in_words(todo: TodoWorld) -> None:
    page = await todo.web.get("/todo/nothing")
    assert page.status_code == 404
    assert "<h1>Not found</h1>" in page.text
