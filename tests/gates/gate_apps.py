"""Three unlike app models: a plain list, parents with guards and limits, money with sums."""

from aidevos_agents.spec.expr import Aggregate, Arithmetic, Compare, Literal, Logic, Now, Path
from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    Always,
    App,
    AtMost,
    Bind,
    Count,
    Do,
    Field,
    Given,
    Has,
    Make,
    Offer,
    Page,
    Parent,
    Refused,
    Route,
    Scenario,
    Set,
    Sort,
    Step,
    Take,
    Thing,
)


def is_(name: str, value: bool | int | str | None) -> Compare:
    return Compare("eq", Path((name,)), Literal(value))


def not_(name: str, value: bool | int | str | None) -> Compare:
    return Compare("ne", Path((name,)), Literal(value))


def takes(*names: str) -> tuple[Take, ...]:
    """`title!` must be given, `order` may be."""
    return tuple(Take(name.rstrip("!"), name.endswith("!")) for name in names)


ADD, CHANGE = ActionRef("create", "add", "todo"), ActionRef("change", "change", "todo")
TODO = App(
    name="todo",
    title="Todo",
    things=(
        Thing(
            name="todo",
            plural="todos",
            fields=(
                Field(name="title", kind="text", required=True, shortest=1, longest=200),
                Field(name="completed", kind="yes_no", default=False),
                Field(name="order", kind="whole", minimum="0"),
                Field(name="url", kind="link", source="address"),
            ),
        ),
    ),
    actions=(
        Action(kind="create", verb="add", thing="todo", takes=takes("title!", "order")),
        Action(
            kind="change", verb="change", thing="todo", takes=takes("title", "order", "completed")
        ),
        Action(kind="delete", verb="delete", thing="todo"),
        Action(kind="delete_all", verb="delete", thing="todo"),
    ),
    pages=(
        Page(
            name="All todos",
            kind="list",
            thing="todo",
            sort=(Sort("order"), Sort("age")),
        ),
        Page(name="Open todos", kind="list", thing="todo", where=is_("completed", False)),
    ),
    routes=(
        Route(
            method="POST",
            path="/todos",
            action=ActionRef("create", "add", "todo"),
            takes=("title", "order"),
            status=201,
            gives="one",
        ),
        Route(
            method="GET",
            path="/todos",
            action=ActionRef("list", "list", "todo"),
            status=200,
            gives="many",
        ),
        Route(
            method="GET",
            path="/todos/{id}",
            action=ActionRef("show", "show", "todo"),
            status=200,
            gives="one",
        ),
        Route(
            method="PATCH",
            path="/todos/{id}",
            action=ActionRef("change", "change", "todo"),
            takes=("title", "order", "completed"),
            status=200,
            gives="one",
        ),
        Route(
            method="DELETE",
            path="/todos/{id}",
            action=ActionRef("delete", "delete", "todo"),
            status=204,
            gives="nothing",
        ),
        Route(
            method="DELETE",
            path="/todos",
            action=ActionRef("delete_all", "delete", "todo"),
            status=204,
            gives="nothing",
        ),
    ),
    scenarios=(
        Scenario(
            "a new todo is not completed",
            (
                Step("when", Do(action=ADD, values=(Given("title", "Buy milk"),))),
                Step("then", Has(thing="todo", field="completed", value=False)),
                Step("then", Has(thing="todo", field="url", present=True)),
            ),
        ),
        Scenario(
            "a todo needs a title",
            (
                Step("when", Do(action=ADD, values=(Given("title", ""),))),
                Step("then", Refused(field="title", reason="TOO_SHORT")),
            ),
        ),
        Scenario(
            "completing a todo takes it off the open todos",
            (
                Step("given", Make(thing="todo", values=(Given("title", "Buy milk"),))),
                Step("when", Do(action=CHANGE, values=(Given("completed", True),))),
                Step("then", Count(thing="todo", page="Open todos", count=0)),
                Step("then", Count(thing="todo", page="All todos", count=1)),
            ),
        ),
    ),
)

LIBRARY = App(
    name="library",
    title="Library",
    things=(
        Thing(
            name="shelf",
            plural="shelves",
            fields=(
                Field(name="label", kind="text", required=True, longest=12, unique=True),
                Field(
                    name="code",
                    kind="text",
                    shortest=2,
                    longest=4,
                    characters=("letters", "digits", "dashes"),
                    unique=True,
                    ignoring_case=True,
                ),
                Field(name="room", kind="whole", minimum="1", maximum="3", default=1),
                Field(
                    name="books",
                    kind="whole",
                    source="derived",
                    derived=Aggregate("count", "book"),
                ),
            ),
        ),
        Thing(
            name="book",
            plural="books",
            parents=(Parent("shelf"),),
            fields=(
                Field(name="title", kind="text", required=True, shortest=1, longest=40),
                Field(
                    name="status",
                    kind="choice",
                    choices=("wanted", "reading", "read", "lent"),
                    default="wanted",
                ),
                Field(name="pages", kind="whole", minimum="1", maximum="20000"),
                Field(name="from_page", kind="whole", minimum="0"),
                Field(name="borrower", kind="text", shortest=1, longest=20),
                Field(
                    name="tags",
                    kind="list",
                    fewest_items=1,
                    most_items=3,
                    shortest=1,
                    longest=8,
                    distinct=True,
                ),
                Field(name="due", kind="date"),
                Field(name="read_at", kind="time"),
                Field(name="added", kind="time", source="created"),
                Field(name="edited", kind="time", source="changed"),
                Field(
                    name="rating",
                    kind="number",
                    decimals=1,
                    source="derived",
                    derived=Aggregate("average", "review", of=Path(("stars",))),
                ),
            ),
        ),
        Thing(
            name="review",
            plural="reviews",
            parents=(Parent("book", cascade=True),),
            fields=(
                Field(name="stars", kind="whole", required=True, minimum="1", maximum="5"),
                Field(name="remark", kind="text", longest=50),
            ),
        ),
    ),
    actions=(
        Action(kind="create", verb="add", thing="shelf", takes=takes("label!", "code", "room")),
        Action(kind="change", verb="change", thing="shelf", takes=takes("label", "code", "room")),
        Action(kind="delete", verb="delete", thing="shelf"),
        Action(
            kind="create",
            verb="add",
            thing="book",
            takes=takes("shelf!", "title!", "pages", "from_page", "tags", "due"),
        ),
        Action(
            kind="change",
            verb="change",
            thing="book",
            takes=takes("title", "pages", "from_page", "tags", "due", "borrower"),
            guard=not_("status", "lent"),
        ),
        Action(
            kind="custom",
            verb="start",
            thing="book",
            guard=is_("status", "wanted"),
            effects=(Set("status", Literal("reading")),),
        ),
        Action(
            kind="custom",
            verb="finish",
            thing="book",
            guard=is_("status", "reading"),
            effects=(Set("status", Literal("read")), Set("read_at", Now())),
        ),
        Action(
            kind="custom",
            verb="lend",
            thing="book",
            takes=takes("borrower!", "due"),
            guard=not_("status", "lent"),
            effects=(Set("status", Literal("lent")),),
        ),
        Action(
            kind="custom",
            verb="return",
            thing="book",
            guard=Logic("and", (is_("status", "lent"), not_("borrower", None))),
            effects=(Set("status", Literal("read")), Set("borrower", Literal(None))),
        ),
        Action(kind="delete", verb="delete", thing="book", guard=not_("status", "lent")),
        Action(kind="create", verb="add", thing="review", takes=takes("book!", "stars!", "remark")),
        Action(kind="delete", verb="delete", thing="review"),
        Action(kind="delete_all", verb="delete", thing="review"),
    ),
    rules=(
        Always(thing="book", holds=Compare("le", Path(("from_page",)), Path(("pages",)))),
        AtMost(thing="book", most=2, where=is_("status", "reading"), per="shelf"),
        AtMost(thing="review", most=6),
    ),
    pages=(
        Page(
            name="All books",
            kind="list",
            thing="book",
            sort=(Sort("status", descending=True), Sort("title"), Sort("pages", descending=True)),
            page_size=4,
            searched=("title", "borrower"),
            filtered=("status",),
        ),
        Page(name="Newest, first", kind="list", thing="book", sort=(Sort("age", True),)),
        Page(
            name="To read",
            kind="list",
            thing="book",
            where=Logic("or", (is_("status", "wanted"), is_("status", "reading"))),
            sort=(Sort("rating", True),),
            offers=tuple(Offer(ActionRef("custom", v, "book")) for v in ("start", "finish")),
        ),
        Page(name="Shelves", kind="list", thing="shelf", sort=(Sort("books", True), Sort("label"))),
    ),
)
"""No API table: default routes. Parents with and without cascade, guards, effects, limits."""

SHOP = App(
    name="shop",
    title="Shop",
    things=(
        Thing(
            name="product",
            plural="products",
            fields=(
                Field(
                    name="sku",
                    kind="text",
                    required=True,
                    unique=True,
                    shortest=3,
                    longest=6,
                    characters=("capital letters", "digits", "dashes"),
                ),
                Field(name="name", kind="text", required=True, shortest=1, longest=30),
                Field(
                    name="price",
                    kind="money",
                    required=True,
                    minimum="0.01",
                    maximum="9999.99",
                    currency="EUR",
                ),
                Field(name="weight", kind="number", decimals=3, minimum="0", maximum="100"),
                Field(name="stock", kind="whole", default=0, minimum="0", maximum="20"),
                Field(name="on_sale", kind="yes_no", default=True),
                Field(name="site", kind="link"),
            ),
        ),
        Thing(
            name="sale",
            plural="sales",
            fields=(
                Field(name="note", kind="text", default="none"),
                Field(name="paid", kind="yes_no", default=False),
                Field(
                    name="total",
                    kind="money",
                    source="derived",
                    derived=Aggregate("sum", "line", of=Path(("cost",))),
                ),
                Field(
                    name="dearest",
                    kind="money",
                    source="derived",
                    derived=Aggregate("max", "line", of=Path(("product", "price"))),
                ),
                Field(name="url", kind="link", source="address"),
            ),
        ),
        Thing(
            name="line",
            plural="lines",
            parents=(Parent("sale", cascade=True),),
            fields=(
                Field(name="product", kind="reference", of="product", required=True),
                Field(name="substitute", kind="reference", of="product"),
                Field(name="quantity", kind="whole", default=1, minimum="1", maximum="9"),
                Field(name="discount", kind="number", decimals=2, minimum="0", maximum="1"),
                Field(
                    name="cost",
                    kind="money",
                    source="derived",
                    derived=Arithmetic("mul", Path(("product", "price")), Path(("quantity",))),
                ),
                Field(
                    name="third",
                    kind="number",
                    decimals=2,
                    source="derived",
                    derived=Arithmetic("div", Path(("product", "weight")), Literal(3)),
                ),
            ),
        ),
    ),
    actions=(
        Action(
            kind="create",
            verb="add",
            thing="product",
            takes=takes("sku!", "name!", "price!", "weight", "on_sale", "site"),
        ),
        Action(
            kind="change",
            verb="change",
            thing="product",
            takes=takes("name", "price", "weight", "on_sale", "site"),
        ),
        Action(
            kind="custom",
            verb="restock",
            thing="product",
            takes=takes("weight"),
            effects=(Set("stock", Arithmetic("add", Path(("stock",)), Literal(7))),),
        ),
        Action(
            kind="custom",
            verb="sell",
            thing="product",
            guard=is_("on_sale", True),
            effects=(Set("stock", Arithmetic("sub", Path(("stock",)), Literal(3))),),
        ),
        Action(kind="delete", verb="delete", thing="product"),
        Action(kind="delete_all", verb="delete", thing="product"),
        Action(kind="create", verb="open", thing="sale", takes=takes("note")),
        Action(
            kind="custom",
            verb="pay",
            thing="sale",
            guard=Logic(
                "and",
                (is_("paid", False), Compare("gt", Path(("total",)), Literal("0.05", True))),
            ),
            effects=(Set("paid", Literal(True)),),
        ),
        Action(kind="change", verb="note", thing="sale", takes=takes("note")),
        Action(kind="delete", verb="delete", thing="sale"),
        Action(
            kind="create",
            verb="put",
            thing="line",
            takes=takes("sale!", "product!", "substitute", "quantity", "discount"),
            guard=Compare("eq", Path(("sale", "paid")), Literal(False)),
        ),
        Action(
            kind="change",
            verb="change",
            thing="line",
            takes=takes("quantity", "substitute", "discount"),
        ),
        Action(
            kind="custom",
            verb="double",
            thing="line",
            takes=takes("discount!"),
            guard=Compare("le", Path(("quantity",)), Literal(6)),
            effects=(Set("quantity", Arithmetic("mul", Path(("quantity",)), Literal(2))),),
        ),
        Action(kind="delete", verb="take out", thing="line"),
    ),
    rules=(
        AtMost(thing="line", most=4, per="sale"),
        AtMost(thing="sale", most=5, where=is_("paid", False)),
        Always(
            thing="line",
            holds=Logic("not", (Compare("eq", Path(("product",)), Path(("substitute",))),)),
        ),
    ),
    pages=(
        Page(
            name="Products",
            kind="list",
            thing="product",
            where=is_("on_sale", True),
            sort=(Sort("price", True), Sort("name")),
            page_size=3,
            searched=("name", "sku"),
        ),
        Page(name="Open sales", kind="list", thing="sale", where=is_("paid", False)),
    ),
    routes=(
        Route(
            method="GET",
            path="/products",
            action=ActionRef("list", "list", "product"),
            takes=("on_sale", "name", "price", "stock", "weight"),
            status=200,
            gives="many",
        ),
        Route(
            method="GET",
            path="/products/on-sale",
            action=ActionRef("list", "browse", "product"),
            status=200,
            gives="many",
            page="Products",
        ),
        Route(
            method="GET",
            path="/products/{id}",
            action=ActionRef("show", "show", "product"),
            status=200,
            gives="one",
        ),
        Route(
            method="POST",
            path="/products",
            action=ActionRef("create", "add", "product"),
            takes=("sku", "name", "price", "weight", "on_sale", "site"),
            status=201,
            gives="one",
        ),
        Route(
            method="PUT",
            path="/products/{id}",
            action=ActionRef("change", "change", "product"),
            takes=("price", "name", "weight", "on_sale", "site"),
            status=200,
            gives="one",
        ),
        Route(
            method="POST",
            path="/products/{id}/restock",
            action=ActionRef("custom", "restock", "product"),
            takes=("weight",),
            status=200,
            gives="one",
        ),
        Route(
            method="POST",
            path="/products/{id}/sell",
            action=ActionRef("custom", "sell", "product"),
            status=204,
            gives="nothing",
        ),
        Route(
            method="DELETE",
            path="/products/{id}",
            action=ActionRef("delete", "delete", "product"),
            status=204,
            gives="nothing",
        ),
        Route(
            method="DELETE",
            path="/products",
            action=ActionRef("delete_all", "delete", "product"),
            status=204,
            gives="nothing",
        ),
        Route(
            method="POST",
            path="/sales",
            action=ActionRef("create", "open", "sale"),
            takes=("note",),
            status=201,
            gives="one",
        ),
        Route(
            method="GET",
            path="/sales",
            action=ActionRef("list", "list", "sale"),
            takes=("paid",),
            status=200,
            gives="many",
        ),
        Route(
            method="GET",
            path="/sales/{id}",
            action=ActionRef("show", "show", "sale"),
            status=200,
            gives="one",
        ),
        Route(
            method="PATCH",
            path="/sales/{id}",
            action=ActionRef("change", "note", "sale"),
            takes=("note",),
            status=200,
            gives="one",
        ),
        Route(
            method="POST",
            path="/sales/{id}/pay",
            action=ActionRef("custom", "pay", "sale"),
            status=200,
            gives="one",
        ),
        Route(
            method="DELETE",
            path="/sales/{id}",
            action=ActionRef("delete", "delete", "sale"),
            status=204,
            gives="nothing",
        ),
        Route(
            method="POST",
            path="/sales/{sale}/lines",
            action=ActionRef("create", "put", "line"),
            takes=("product", "substitute", "quantity", "discount"),
            status=201,
            gives="one",
            binds=(Bind("sale", "sale"),),
        ),
        Route(
            method="GET",
            path="/sales/{sale}/lines",
            action=ActionRef("list", "list", "line"),
            takes=("product", "quantity"),
            status=200,
            gives="many",
            binds=(Bind("sale", "sale"),),
        ),
        Route(
            method="GET",
            path="/lines/{id}",
            action=ActionRef("show", "show", "line"),
            status=200,
            gives="one",
        ),
        Route(
            method="PATCH",
            path="/lines/{id}",
            action=ActionRef("change", "change", "line"),
            takes=("quantity", "substitute", "discount"),
            status=200,
            gives="one",
        ),
        Route(
            method="POST",
            path="/lines/{id}/double",
            action=ActionRef("custom", "double", "line"),
            takes=("discount",),
            status=200,
            gives="one",
        ),
        Route(
            method="DELETE",
            path="/lines/{id}",
            action=ActionRef("delete", "take out", "line"),
            status=204,
            gives="nothing",
        ),
    ),
)
"""Money, sums over children, references, uniqueness, filtered and paged lists, bound paths."""

ALL = (TODO, LIBRARY, SHOP)
