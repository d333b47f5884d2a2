"""Templates of pages: cards of things, forms of offered actions, search, filters, page numbers."""

from __future__ import annotations

from aidevos_agents.generate.files import rendered
from aidevos_agents.generate.inputs import control, escaped, hint, label, value
from aidevos_agents.generate.page_code import (
    children_name,
    heading_fields,
    label_field,
    labels_name,
)
from aidevos_agents.generate.pages_plan import PagePlan, form_name, judged
from aidevos_agents.generate.plan import Plan
from aidevos_agents.spec.model import Field, Offer, Page, Take, Thing, action_words

Lines = list[str]
FEW_FIELDS = 2
"""A form of more is closed while its list has entries."""
_ASKED_WORDS = "asked['q']"


class PageHtml:
    """Writes the templates of one app."""

    def __init__(self, plan: Plan, pages: list[PagePlan]) -> None:
        """Know all pages: they link to each other."""
        self._plan = plan
        self._project = plan.project
        self._ones = {page.page.thing: page for page in pages if page.page.kind == "one"}

    def template(self, plan: PagePlan) -> str:
        """Return the template of one page."""
        page, thing = plan.page, self._project.thing(plan.page.thing)
        common = {
            "package": self._project.names.package,
            "name": escaped(page.name),
            "card": self._card(plan, thing, "thing", page, 6),
        }
        creates = [offer for offer in page.offers if offer.action.kind in ("create", "delete_all")]
        if page.kind == "one":
            return rendered(
                "one.html.j2",
                **common,
                children="".join(self._children(plan, c.thing) for c in page.children),
                forms="".join(self._above(plan, offer, thing) for offer in creates),
            )
        return rendered(
            "list.html.j2",
            **common,
            plural=escaped(thing.plural),
            forms="".join(self._above(plan, offer, None) for offer in creates),
            search=self._search(plan, thing),
            pager=self._pager(plan),
        )

    # ---- things ----------------------------------------------------------------------------

    def _card(
        self, plan: PagePlan, thing: Thing, holder: str, page: Page | None, indent: int
    ) -> str:
        fields = self._project.fields(thing)
        heads = heading_fields(thing)
        lines = self._head(plan, thing, heads, holder)
        lines.append("<dl>")
        known = [] if holder == "thing" else self._project.tie_fields(thing, self._parent(plan))
        for field in fields:
            if field not in heads and field.source != "address" and field.name not in known:
                lines += self._row(field, holder)
        lines += [*self._addresses(thing, holder), "</dl>"]
        offers = [o for o in page.offers if o.action.thing == thing.name] if page else []
        on_thing = [o for o in offers if o.action.kind in ("change", "custom", "delete")]
        if on_thing:
            lines += ['<div class="actions">']
            for offer in on_thing:
                form = self._on_thing(plan, offer, thing, holder)
                lines += self._if_allowed(plan, offer, form, holder)
            lines.append("</div>")
        return "\n".join(" " * indent + line for line in "\n".join(lines).split("\n"))

    def _parent(self, plan: PagePlan) -> Thing:
        return self._project.thing(plan.page.thing)

    def _head(self, plan: PagePlan, thing: Thing, heads: list[Field], holder: str) -> Lines:
        """Return the heading of a card: what people know the thing by, or its kind."""
        shown = escaped(thing.name.capitalize())
        if heads == [label_field(thing)]:
            shown = f'{{{{ {holder}["{heads[0].name}"] or "{shown}" }}}}'
        elif heads:
            shown = self._told(shown, heads, holder)
        one = self._ones.get(thing.name)
        if one is not None and one is not plan:
            shown = f'<a href="{{{{ base }}}}/{one.slug}?id={{{{ {holder}["id"] }}}}">{shown}</a>'
        return [f"<h2>{shown}</h2>"]

    def _told(self, kind: str, heads: list[Field], holder: str) -> str:
        """Return the values of the fields that are there, or the kind of the thing."""
        said = ""
        before: list[str] = []
        for field in heads:
            there = f'{holder}["{field.name}"] is not none'
            comma = f"{{% if {' or '.join(before)} %}}, {{% endif %}}" if before else ""
            shown = value(field, holder, self._labels(field))
            said += f"{{% if {there} %}}{comma}{shown}{{% endif %}}"
            before.append(there)
        return f"{said}{{% if not ({' or '.join(before)}) %}}{kind}{{% endif %}}"

    def _row(self, field: Field, holder: str) -> Lines:
        shown = value(field, holder, self._labels(field))
        test = f'{holder}["{field.name}"] is not none'
        row = f"<div><dt>{label(field)}</dt><dd>{shown}</dd></div>"
        return [f"{{% if {test} %}}", row, "{% endif %}"]

    def _addresses(self, thing: Thing, holder: str) -> Lines:
        shows = [
            route
            for route in self._project.routes
            if route.action.kind == "show" and route.action.thing == thing.name
        ]
        if not shows:
            return []
        path = shows[0].path
        bound = {bind.placeholder: bind.field for bind in shows[0].binds}
        for part in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
            path = path.replace(f"{{{part}}}", f'<<{holder}["{bound.get(part, "id")}"]>>')
        path = path.replace("<<", "{{ ").replace(">>", " }}")
        fields = (field for field in thing.fields if field.source == "address")
        return [
            f'<div><dt>{label(f)}</dt><dd><a href="{{{{ api }}}}{path}">{path}</a></dd></div>'
            for f in fields
        ]

    def _children(self, plan: PagePlan, name: str) -> str:
        child = self._project.thing(name)
        return rendered(
            "children.html.j2",
            plural=escaped(child.plural),
            heading=escaped(child.plural.capitalize()),
            things=children_name(child),
            card=self._card(plan, child, "child", plan.page, 6),
        )

    # ---- forms -----------------------------------------------------------------------------

    def _asked(self, offer: Offer, parent: Thing | None) -> list[tuple[Take, Field]]:
        """Return what a form asks for; a child made on its parent's page knows its parent."""
        thing = self._project.thing(offer.action.thing)
        takes = self._plan.method(offer.action).takes
        known = self._project.tie_fields(thing, parent) if parent is not None else []
        return [
            (take, self._project.field(thing, take.field))
            for take in takes
            if take.field not in known and (not offer.fields or take.field in offer.fields)
        ]

    def _open(self, plan: PagePlan, offer: Offer, css: str = "") -> str:
        name = form_name(self._project, offer.action)
        kind = f' class="{css}"' if css else ""
        return (
            f'<form method="post" action="{{{{ base }}}}/do/{name}?from='
            f"{{{{ '{_quoted(plan.name)}' | urlencode }}}}\"{kind}>"
        )

    def _above(self, plan: PagePlan, offer: Offer, parent: Thing | None) -> str:
        """Return the form of an action that makes a thing, or deletes all of a kind."""
        thing = self._project.thing(offer.action.thing)
        words = escaped(action_words(offer.action, thing).capitalize())
        hidden = []
        if parent is not None:
            known = self._project.tie_fields(thing, parent)
            hidden = [
                f'<input type="hidden" name="{n}" value="{{{{ thing["id"] }}}}">' for n in known
            ]
        controls = self._controls(offer, "", parent)
        if offer.action.kind == "delete_all":
            return rendered("confirm.html.j2", open=self._open(plan, offer), words=words)
        return rendered(
            "create.html.j2",
            open=self._open(plan, offer, "fields"),
            words=words,
            controls="\n".join((*hidden, *controls)),
            closed=parent is None and len(self._asked(offer, parent)) > FEW_FIELDS,
        )

    def _if_allowed(self, plan: PagePlan, offer: Offer, lines: Lines, holder: str) -> Lines:
        """Return the lines, shown only for things that allow the action now."""
        if self._project.action(offer.action) not in judged(self._project, plan.page):
            return lines
        allowed = f"may['{form_name(self._project, offer.action)}']"
        return [f'{{% if {holder}["id"] in {allowed} %}}', *lines, "{% endif %}"]

    def _on_thing(self, plan: PagePlan, offer: Offer, thing: Thing, holder: str) -> Lines:
        asked = self._asked(offer, None)
        words = escaped(offer.action.verb.capitalize())
        id_input = f'<input type="hidden" name="id" value="{{{{ {holder}["id"] }}}}">'
        if len(asked) == 1 and asked[0][1].kind == "yes_no" and offer.action.kind == "change":
            return self._toggle(plan, offer, asked[0][1], holder, id_input)
        if not asked:
            css = ' class="danger"' if offer.action.kind == "delete" else ""
            button = f"<button{css}>{words}</button>"
            return [self._open(plan, offer), id_input, button, "</form>"]
        return [
            "<details>",
            f"<summary>{words}</summary>",
            self._open(plan, offer, "fields"),
            id_input,
            *self._controls(offer, holder, None),
            f"<button>{words}</button>",
            "</form>",
            "</details>",
        ]

    def _toggle(
        self, plan: PagePlan, offer: Offer, field: Field, holder: str, id_input: str
    ) -> Lines:
        now = f'{holder}["{field.name}"]'
        name = label(field)
        return [
            self._open(plan, offer),
            id_input,
            f'<input type="hidden" name="{field.name}" value="{{{{ "no" if {now} else "yes" }}}}">',
            f'<button>{{{{ "Not {name}" if {now} else "{name.capitalize()}" }}}}</button>',
            "</form>",
        ]

    def _controls(self, offer: Offer, holder: str, parent: Thing | None) -> Lines:
        lines: Lines = []
        form = form_name(self._project, offer.action)
        for take, field in self._asked(offer, parent):
            one = f'-{{{{ {holder}["id"] }}}}' if holder else ""
            name = f"{form}-{field.name.replace('_', '-')}{one}"
            must = self._must(offer, take, field)
            about = hint(field, must=must or field.required)
            small = f" <small>{about}</small>" if about else ""
            lines += [
                f'<label for="{name}">{label(field)}{small}</label>',
                control(field, name, holder, self._labels(field), must=must),
            ]
        return lines

    def _must(self, offer: Offer, take: Take, field: Field) -> bool:
        """Whether the form insists; an empty text can be what a required text is."""
        if offer.action.kind == "custom" and take.required:
            return True
        if field.kind == "text" and not field.shortest:
            return False
        return field.required or (offer.action.kind != "create" and field.default is not None)

    def _labels(self, field: Field) -> str:
        return labels_name(self._project.thing(field.of)) if field.of else ""

    # ---- search and page numbers -----------------------------------------------------------

    def _search(self, plan: PagePlan, thing: Thing) -> str:
        page = plan.page
        if not page.searched and not page.filtered:
            return ""
        lines: Lines = []
        if page.searched:
            about = escaped(" or ".join(name.replace("_", " ") for name in page.searched))
            lines += [
                f'<label for="q">{about}</label>',
                f'<input id="q" name="q" type="search" value="{{{{ {_ASKED_WORDS} }}}}">',
            ]
        for name in page.filtered:
            lines += self._filter(self._project.field(thing, name))
        return rendered("search.html.j2", slug=plan.slug, controls="\n".join(lines))

    def _filter(self, field: Field) -> Lines:
        name = field.name
        words = {"yes_no": ("yes", "no"), "choice": field.choices}.get(field.kind)
        lines = [f'<label for="by-{name}">{label(field)}</label>']
        if words is None:
            return [
                *lines,
                f'<input id="by-{name}" name="{name}" value="{{{{ {_asked(name)} }}}}">',
            ]
        lines += [f'<select id="by-{name}" name="{name}">', '<option value="">all</option>']
        for word in words:
            chosen = f"{{% if {_asked(name)} == '{_quoted(word)}' %}} selected{{% endif %}}"
            lines.append(f'<option value="{escaped(word)}"{chosen}>{escaped(word)}</option>')
        return [*lines, "</select>"]

    def _pager(self, plan: PagePlan) -> str:
        if not plan.page.page_size:
            return ""
        kept = "".join(
            f"&amp;{name}={{{{ {_asked(name)} | urlencode }}}}"
            for name in plan.takes
            if name != "page"
        )
        return rendered("pager.html.j2", slug=plan.slug, kept=kept)


def _asked(name: str) -> str:
    return f"asked['{name}']"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
