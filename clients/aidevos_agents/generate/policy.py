"""Who may call what: a grant for each action, reading and page that the spec names; no others."""

from __future__ import annotations

import msgspec

from aidevos.doors.app_manifest import Grant
from aidevos_agents.generate.files import Files
from aidevos_agents.generate.pages_plan import page_plans
from aidevos_agents.generate.plan import MethodPlan, Plan, plan_of
from aidevos_agents.spec.model import App

POLICY_PATH = "policy.json"
ANYONE = "anyone"


def security(app: App) -> Files:
    """Return the policy's file: `{"default": "deny", "grants": [{"role", "type", "method"}]}`."""
    policy = {"default": "deny", "grants": grants(plan_of(app))}
    raw = msgspec.json.format(msgspec.json.encode(policy), indent=2)
    return {POLICY_PATH: raw + b"\n"}


def grants(plan: Plan) -> tuple[Grant, ...]:
    """Return the grants, in the order of methods and pages."""
    reached = {plan.target(route) for route in plan.project.routes}
    reached |= {plan.method(o.action) for page in plan.project.app.pages for o in page.offers}
    found = [
        Grant(role=role, type=plan.owner(method), method=method.name)
        for method in plan.methods
        if method in reached
        for role in _roles(method)
    ]
    pages = plan.project.names.pages
    found += [Grant(ANYONE, pages, page.method) for page in page_plans(plan)]
    return tuple(dict.fromkeys(found))


def _roles(method: MethodPlan) -> tuple[str, ...]:
    return method.action.who if method.action.who else (ANYONE,)
