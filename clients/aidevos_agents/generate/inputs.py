"""HTML of one field: as it is shown, and as a form asks for it. Jinja2 fills in the values."""

from __future__ import annotations

from html import escape

from aidevos_agents.generate.kinds import MONEY_DECIMALS
from aidevos_agents.spec.model import Field

_LINE = "{{ '\\n' }}"
"""What a browser leaves out at the beginning of a box, so that it leaves out nothing else."""
LONG_TEXT = 200
"""From more characters on, a form has a box of several lines."""


def escaped(text: str) -> str:
    """Return words of the spec as HTML inside a template: nothing in them is markup or jinja2."""
    return escape(text).replace("{", "&#123;").replace("}", "&#125;").replace("%", "&#37;")


def label(field: Field) -> str:
    """Return a field's name as people read it."""
    return escaped(field.name.replace("_", " "))


def value(field: Field, holder: str, labels: str = "") -> str:
    """Return what shows the field's value of the thing that the template calls `holder`."""
    text = f'{holder}["{field.name}"]'
    match field.kind:
        case "yes_no":
            return f'{{{{ "yes" if {text} else "no" }}}}'
        case "list":
            return f'{{{{ {text} | join(", ") }}}}'
        case "time":
            shown = f'{{{{ {text}[:16] | replace("T", " ") }}}} UTC'
            return f'<time datetime="{{{{ {text} }}}}">{shown}</time>'
        case "date":
            return f'<time datetime="{{{{ {text} }}}}">{{{{ {text} }}}}</time>'
        case "link":
            return f'<a href="{{{{ {text} }}}}" rel="noopener nofollow">{{{{ {text} }}}}</a>'
        case "reference":
            return f"{{{{ {labels}.get({text}) or {text} }}}}"
        case "money" if field.currency:
            return f"{{{{ {text} }}}} {escaped(field.currency)}"
    return f"{{{{ {text} }}}}"


def control(field: Field, name: str, holder: str, labels: str, *, must: bool) -> str:
    """Return the form's control with the id `name`; no `holder`: nothing is there yet."""
    common = f'id="{name}" name="{field.name}"{" required" if must else ""}'
    match field.kind:
        case "yes_no" | "choice" | "reference":
            return _select(field, common, holder, labels, must=must)
        case "list":
            text = f"{{{{ ({_now(field, holder)} or []) | join('\\n') }}}}" if holder else ""
            return f'<textarea {common} rows="3">{_LINE}{text}</textarea>'
        case "text" if field.longest is None or field.longest > LONG_TEXT:
            bounds = _lengths(field)
            text = f"{{{{ {_now(field, holder)} | default('', true) }}}}" if holder else ""
            return f'<textarea {common}{bounds} rows="3">{_LINE}{text}</textarea>'
    return f"<input {common}{_attributes(field)}{_value(field, holder)}>"


def hint(field: Field, *, must: bool) -> str:
    """Return a few words beside the field's name, or nothing."""
    words = {"list": "one a line", "time": "UTC", "money": escaped(field.currency)}
    return ", ".join(filter(None, (words.get(field.kind), "" if must else "optional")))


def _now(field: Field, holder: str) -> str:
    return f'{holder}["{field.name}"]'


def _value(field: Field, holder: str) -> str:
    if not holder:
        default = "" if field.default is None else escaped(str(field.default))
        return f' value="{default}"' if default else ""
    now = _now(field, holder)
    if field.kind == "time":
        now = f"{now}[:19]"
    test = f'{holder}["{field.name}"] is not none'
    return f' value="{{{{ {now} if {test} }}}}"'


def _lengths(field: Field) -> str:
    shortest = f' minlength="{field.shortest}"' if field.shortest else ""
    return shortest + (f' maxlength="{field.longest}"' if field.longest is not None else "")


def _attributes(field: Field) -> str:
    low = f' min="{field.minimum}"' if field.minimum is not None else ""
    high = f' max="{field.maximum}"' if field.maximum is not None else ""
    match field.kind:
        case "whole":
            return f' type="number" step="1"{low}{high}'
        case "number":
            step = "any" if field.decimals is None else f"{10**-field.decimals:.{field.decimals}f}"
            return f' type="number" step="{step}"{low}{high}'
        case "money":
            digits = MONEY_DECIMALS if field.decimals is None else field.decimals
            fraction = f"([.][0-9]&#123;1,{digits}&#125;)?" if digits else ""
            return f' type="text" inputmode="decimal" pattern="-?[0-9]+{fraction}"'
        case "date":
            return ' type="date"'
        case "time":
            return ' type="datetime-local" step="1"'
        case "link":
            return ' type="url"'
    return f' type="text"{_lengths(field)}'


def _select(field: Field, common: str, holder: str, labels: str, *, must: bool) -> str:
    lines = [f"<select {common}>"]
    if not (must and (holder or field.default is not None)):
        lines.append('  <option value="">-</option>')
    if field.kind == "reference":
        chosen = f"{{% if {_now(field, holder)} == id %}} selected{{% endif %}}" if holder else ""
        lines += [
            f"  {{% for id, label in {labels}.items() %}}",
            f'  <option value="{{{{ id }}}}"{chosen}>{{{{ label or id }}}}</option>',
            "  {% endfor %}",
        ]
    elif field.kind == "choice":
        lines += [_option(field, holder, word, word) for word in field.choices]
    else:
        lines += [_option(field, holder, "no", False), _option(field, holder, "yes", True)]
    return "\n".join((*lines, "</select>"))


def _option(field: Field, holder: str, word: str, value: str | bool) -> str:
    chosen = ""
    if holder:
        literal = str(value).lower() if isinstance(value, bool) else _jinja(value)
        chosen = f"{{% if {_now(field, holder)} == {literal} %}} selected{{% endif %}}"
    elif field.default == value:
        chosen = " selected"
    return f'  <option value="{escaped(word)}"{chosen}>{escaped(word)}</option>'


def _jinja(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
