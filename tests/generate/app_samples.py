"""App models of several kinds, written by hand: what the generators are shown."""

from aidevos_agents.spec.expr import (
    Aggregate,
    Argument,
    Arithmetic,
    Compare,
    Literal,
    Logic,
    Now,
    Path,
)
from aidevos_agents.spec.model import (
    AGE,
    Action,
    ActionRef,
    Always,
    App,
    AtMost,
    Bind,
    Children,
    Field,
    Offer,
    Page,
    Parent,
    Route,
    Set,
    Sort,
    Take,
    Thing,
)


def eq(name: str, value: bool | int | str | None) -> Compare:
    return Compare("eq", Path((name,)), Literal(value))


def ref(kind: str, verb: str, thing: str) -> ActionRef:
    return ActionRef(kind, verb, thing)  # type: ignore[arg-type]


def _todo_routes() -> tuple[Route, ...]:
    return (
        _route("POST /todos", ref("create", "add", "todo"), 201, "one", "title order"),
        _route("GET /todos", ref("list", "list", "todo"), 200, "many"),
        _route("GET /todos/{id}", ref("show", "show", "todo"), 200, "one"),
        _route(
            "PATCH /todos/{id}",
            ref("change", "change", "todo"),
            200,
            "one",
            "title order completed",
        ),
        _route("DELETE /todos/{id}", ref("delete", "delete", "todo"), 204, "nothing"),
        _route("DELETE /todos", ref("delete_all", "delete", "todo"), 204, "nothing"),
    )


def _todo_pages() -> tuple[Page, ...]:
    return (
        Page(
            name="All todos",
            kind="list",
            thing="todo",
            sort=(Sort("order"), Sort(AGE)),
            offers=(
                Offer(ref("create", "add", "todo")),
                Offer(ref("change", "change", "todo"), ("completed",)),
                Offer(ref("delete", "delete", "todo")),
            ),
        ),
        Page(
            name="Open todos",
            kind="list",
            thing="todo",
            where=eq("completed", False),
            sort=(Sort(AGE),),
        ),
    )


def todo() -> App:
    """The first product spec."""
    thing = Thing(
        name="todo",
        plural="todos",
        fields=(
            Field(name="title", kind="text", required=True, shortest=1, longest=200),
            Field(name="completed", kind="yes_no", default=False),
            Field(name="order", kind="whole", minimum="0"),
            Field(name="url", kind="link", source="address"),
        ),
    )
    add = Action(
        kind="create", verb="add", thing="todo", takes=(Take("title", True), Take("order"))
    )
    change = Action(
        kind="change",
        verb="change",
        thing="todo",
        takes=(Take("title"), Take("order"), Take("completed")),
    )
    delete = Action(kind="delete", verb="delete", thing="todo")
    delete_all = Action(kind="delete_all", verb="delete", thing="todo")
    return App(
        name="todo",
        title="Todo",
        description="A shared list of things to do. Anybody who can reach the service can use it.",
        things=(thing,),
        actions=(add, change, delete, delete_all),
        pages=_todo_pages(),
        routes=_todo_routes(),
    )


TODO_LINES = {
    "thing:todo": 7, "field:todo.title": 11, "field:todo.completed": 12, "field:todo.order": 13,
    "field:todo.url": 14, "action:add todo": 18, "action:change todo": 19,
    "action:delete todo": 20, "page:All todos": 25, "page:Open todos": 26,
    "route:GET /todos": 33, "route:GET /todos/{id}": 34,
}  # fmt: skip


def _route(
    at: str, action: ActionRef, status: int, gives: str, takes: str = "", **more: object
) -> Route:
    method, path = at.split()
    return Route(
        method=method,  # type: ignore[arg-type]
        path=path,
        action=action,
        takes=tuple(takes.split()),
        status=status,
        gives=gives,  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


def _takes(words: str) -> tuple[Take, ...]:
    """Return takes; a name that ends with ! must be given."""
    return tuple(Take(word.rstrip("!"), word.endswith("!")) for word in words.split())


def _act(kind: str, verb: str, thing: str, takes: str = "", **more: object) -> Action:
    return Action(kind=kind, verb=verb, thing=thing, takes=_takes(takes), **more)  # type: ignore[arg-type]


def _library_actions() -> tuple[Action, ...]:
    lendable = Logic(
        "and",
        (
            Compare("ne", Path(("status",)), Literal("lent")),
            Compare("ne", Path(("reader",)), Argument("borrower")),
        ),
    )
    startable = Logic("or", (eq("status", "wanted"), eq("status", "read")))
    returned = (Set("status", Literal("read")), Set("borrower", Literal(None)), Set("due", Now()))
    dearer = Set("price", Arithmetic("add", Path(("price",)), Path(("weight",))))
    priced = Logic("not", (eq("price", None),))
    here = Compare("lt", Path(("status",)), Literal("lent"))
    reading, lent = Set("status", Literal("reading")), Set("status", Literal("lent"))
    return (
        _act("create", "register", "reader", "email! born"),
        _act("delete", "delete", "reader"),
        _act("create", "add", "book", "reader! title! isbn tags price weight home"),
        _act("change", "change", "book", "title isbn tags price weight due"),
        _act("custom", "start", "book", guard=startable, effects=(reading,)),
        _act("custom", "lend", "book", "borrower! due", guard=lendable, effects=(lent,)),
        _act("custom", "take back", "book", guard=eq("status", "lent"), effects=returned),
        _act("custom", "raise", "book", "weight", guard=priced, effects=(dearer,)),
        _act("delete", "delete", "book", guard=here),
        _act("delete_all", "delete", "book"),
        _act("create", "write", "review", "book! reader! stars! text"),
        _act("change", "change", "review", "stars text"),
        _act("delete", "delete", "review"),
    )


def _reader() -> Thing:
    return Thing(
        name="reader",
        plural="readers",
        fields=(
            Field(
                name="email",
                kind="text",
                required=True,
                longest=100,
                unique=True,
                ignoring_case=True,
            ),
            Field(name="joined", kind="time", source="created"),
            Field(name="born", kind="date"),
            Field(
                name="books_held",
                kind="whole",
                source="derived",
                derived=Aggregate("count", "book", where=eq("status", "lent")),
            ),
        ),
    )


def _book() -> Thing:
    return Thing(
        name="book",
        plural="books",
        parents=(Parent("reader"),),
        fields=(
            Field(name="title", kind="text", required=True, shortest=1, longest=200),
            Field(
                name="isbn",
                kind="text",
                shortest=13,
                longest=13,
                characters=("digits",),
                unique=True,
            ),
            Field(
                name="status",
                kind="choice",
                choices=("wanted", "reading", "read", "lent"),
                default="wanted",
            ),
            Field(name="borrower", kind="reference", of="reader"),
            Field(name="tags", kind="list", most_items=3, shortest=1, longest=30, distinct=True),
            Field(name="price", kind="money", minimum="0.01", decimals=2, currency="EUR"),
            Field(name="weight", kind="number", minimum="0", maximum="99.5", decimals=1),
            Field(name="due", kind="time"),
            Field(name="home", kind="link"),
            Field(name="edited", kind="time", source="changed"),
            Field(
                name="rating",
                kind="number",
                source="derived",
                decimals=1,
                derived=Aggregate("average", "review", Path(("stars",)), decimals=1),
            ),
            Field(
                name="cost",
                kind="money",
                source="derived",
                decimals=2,
                derived=Arithmetic("mul", Path(("price",)), Path(("weight",))),
            ),
            Field(name="self_url", kind="link", source="address"),
        ),
    )


def _review() -> Thing:
    return Thing(
        name="review",
        plural="reviews",
        parents=(Parent("book", cascade=True), Parent("reader", cascade=True)),
        fields=(
            Field(name="stars", kind="whole", required=True, minimum="1", maximum="5"),
            Field(name="text", kind="text", longest=2000),
            Field(name="of_title", kind="text", source="derived", derived=Path(("book", "title"))),
            Field(
                name="of_borrower",
                kind="text",
                source="derived",
                derived=Path(("book", "borrower", "email")),
            ),
        ),
    )


def _library_rules() -> tuple[AtMost | Always, ...]:
    return (
        AtMost(thing="book", most=2, where=eq("status", "reading"), per="reader"),
        AtMost(
            thing="book",
            most=2,
            where=Compare("ne", Path(("borrower",)), Literal(None)),
            per="borrower",
        ),
        Always(
            thing="book", holds=Compare("le", Path(("price",)), Literal("100.00", decimal=True))
        ),
        Always(
            thing="book",
            holds=Logic(
                "not",
                (
                    Logic(
                        "and",
                        (eq("status", "wanted"), Compare("gt", Path(("rating",)), Literal(4))),
                    ),
                ),
            ),
        ),
    )


def _library_pages() -> tuple[Page, ...]:
    return (
        Page(
            name="Library",
            kind="list",
            thing="book",
            sort=(Sort("title"),),
            page_size=2,
            searched=("title", "isbn"),
            filtered=("status", "tags"),
            offers=(
                Offer(ref("create", "add", "book")),
                Offer(ref("custom", "start", "book")),
                Offer(ref("custom", "lend", "book")),
                Offer(ref("change", "change", "book"), ("title", "tags", "price")),
                Offer(ref("delete", "delete", "book")),
            ),
        ),
        Page(
            name="Best books",
            kind="list",
            thing="book",
            where=Compare("ge", Path(("rating",)), Literal(3)),
            sort=(Sort("rating", True), Sort(AGE, True)),
        ),
        Page(
            name="Book",
            kind="one",
            thing="book",
            children=(Children("review", (Sort(AGE, True),)),),
            offers=(
                Offer(
                    ref("create", "write", "review"),
                ),
                Offer(ref("custom", "start", "book")),
            ),
        ),
        Page(
            name="Readers",
            kind="list",
            thing="reader",
            sort=(Sort("email"),),
            offers=(Offer(ref("create", "register", "reader")),),
        ),
    )


def library() -> App:
    """Parents with cascade, references, money, choices, derived values, rules, lists, times."""
    return App(
        name="town-library",
        title="Town library",
        description="Readers lend each other books.",
        things=(_reader(), _book(), _review()),
        actions=_library_actions(),
        rules=_library_rules(),
        pages=_library_pages(),
    )


def lists() -> App:
    """Routes below a parent, a field called like a builtin, lists with filters and of a page."""
    a_list = Thing(
        name="list",
        plural="lists",
        fields=(
            Field(name="name", kind="text", required=True, unique=True),
            Field(name="type", kind="choice", choices=("home", "work at the office")),
        ),
    )
    item = Thing(
        name="list item",
        plural="list items",
        parents=(Parent("list", cascade=True),),
        fields=(
            Field(name="from", kind="text", required=True, longest=20),
            Field(name="date", kind="date"),
            Field(name="event", kind="yes_no", default=True),
            Field(name="str", kind="whole", default=3, minimum="-5", maximum="5"),
            Field(name="self", kind="text"),
            Field(name="fields", kind="list"),
        ),
    )
    fields = "from date event str self fields"
    actions = (
        _act("create", "make", "list", "name! type"),
        _act("delete", "delete", "list"),
        _act("create", "add", "list item", f"list! {fields}"),
        _act("change", "change", "list item", fields),
        _act("delete_all", "clear", "list item"),
        _act("delete", "delete", "list item"),
    )
    return App(
        name="lists",
        title="Lists",
        things=(a_list, item),
        actions=actions,
        routes=_list_routes(),
        pages=(_days(),),
    )


def _list_routes() -> tuple[Route, ...]:
    a_list, item = "list", "list item"
    fields, below = "from date event str self fields", {"binds": (Bind("list", "list"),)}
    items = "/lists/{list}/items"
    return (
        _route("POST /lists", ref("create", "make", a_list), 201, "one", "name type"),
        _route("GET /lists", ref("list", "list", a_list), 200, "many", "type"),
        _route("GET /lists/{id}", ref("show", "show", a_list), 200, "one"),
        _route("DELETE /lists/{id}", ref("delete", "delete", a_list), 204, "nothing"),
        _route(f"POST {items}", ref("create", "add", item), 201, "one", fields, **below),
        _route(f"GET {items}", ref("list", "list", item), 200, "many", "event date", **below),
        _route(f"GET {items}/{{id}}", ref("show", "show", item), 200, "one", **below),
        _route(f"PATCH {items}/{{id}}", ref("change", "change", item), 200, "one", fields, **below),
        _route(f"DELETE {items}", ref("delete_all", "clear", item), 204, "nothing", **below),
        _route("GET /items", ref("list", "list", item), 200, "many", "event str fields"),
        _route("GET /days", ref("list", "list", item), 200, "many", page="Days"),
        _route("DELETE /items/{id}", ref("delete", "delete", item), 204, "nothing"),
    )


def _days() -> Page:
    dated = Compare("ne", Path(("date",)), Literal(None))
    return Page(
        name="Days",
        kind="list",
        thing="list item",
        where=Logic("and", (dated, Path(("event",)))),
        sort=(Sort("date", True), Sort("from")),
        offers=(Offer(ref("create", "add", "list item")),),
    )


def plain() -> App:
    """No table, no pages, one field, a name that begins with a digit: everything by default."""
    thing = Thing(name="note", plural="notes", fields=(Field(name="text", kind="text"),))
    jot = Action(kind="create", verb="jot down", thing="note", takes=(Take("text"),))
    return App(name="3-notes", title="3 Notes", things=(thing,), actions=(jot,))


ALL = {"todo": todo, "library": library, "lists": lists, "plain": plain}
