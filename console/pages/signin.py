"""Signing in with a local account of the demo."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.auth import check_form_token, check_password, find_person


async def ask(request: Request) -> Response:
    """The form."""
    return _form(request, "")


async def enter(request: Request) -> Response:
    """Check account and password; the same words for either mistake."""
    form = await request.form()
    person = find_person(request.app.state.config, str(form.get("person", "")))
    try:
        right = check_password(str(form.get("password", "")))
    except LookupError as error:
        return _form(request, f"{error}", 503)
    if person is None or not right:
        return _form(request, "Account and password do not match.", 401)
    request.session.clear()
    request.session["person"] = person.id
    return RedirectResponse("/", status_code=303)


async def leave(request: Request) -> Response:
    """End the session. Raises ForbiddenError for a post that no page of this session sent."""
    form = await request.form()
    check_form_token(request, str(form.get("form_token", "")))
    request.session.clear()
    return RedirectResponse("/sign-in", status_code=303)


def _form(request: Request, problem: str, status: int = 200) -> Response:
    context = {
        "user": None,
        "flash": None,
        "problem": problem,
        "people": request.app.state.config.people.people,
    }
    response: Response = request.app.state.templates.TemplateResponse(
        request, "signin.html", context, status_code=status
    )
    return response
