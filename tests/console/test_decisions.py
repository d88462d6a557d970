"""Decisions on the page go through the ledger's policy: the right person, recorded under their name."""

from __future__ import annotations

from reverse_etl import holds
from reverse_etl.audit import verify_chain
from reverse_etl.models import State
from tests.console.site import Site, charge_row


def test_approving_moves_the_ledger_and_names_the_person(site: Site) -> None:
    correction = site.propose(charge_row())[0]
    carla = site.visitor("carla.cfo")
    answer = carla.post(
        f"/approvals/{correction}/decide", form_token=carla.token(), decision="approve", note="looks right"
    )
    assert "Approved" in answer.text
    view = site.outbox.show(correction)
    assert view.correction.state is State.APPROVED
    assert [(event.event, event.actor, event.reason) for event in view.events][-1] == (
        "approved", "carla.cfo", "looks right",
    )  # fmt: skip
    assert view.approvals[0].roles == ("viewer", "controller")
    verify_chain(site.outbox.engine)
    assert "Carla Mendes" in carla.get(f"/approvals/{correction}").text


def test_the_exact_change_evidence_and_who_may(site: Site) -> None:
    correction = site.propose(charge_row(amount_at_risk_rc="300000"))[0]
    page = site.visitor("omar.delivery").page(f"/approvals/{correction}")
    text = " ".join(page.text_content().split())
    assert page.xpath("string(//table[contains(@class,'diff')]//span[@class='before'])") == "HOLD"
    assert page.xpath("string(//table[contains(@class,'diff')]//span[@class='after'])") == "READY"
    assert "INV-1" in text, "the evidence"
    assert "above the limit of billing_lead" in text or "above the limit of billing lead" in text
    assert page.xpath("//button[@value='approve']/@disabled"), "beyond this person's limit"
    assert "Carla Mendes" in text
    assert page.xpath("//tr[contains(., 'Carla Mendes')]//span[@class='good']")


def test_a_viewer_can_neither_press_nor_post(site: Site) -> None:
    correction = site.propose(charge_row())[0]
    vera = site.visitor("vera.viewer")
    page = vera.page(f"/approvals/{correction}")
    assert page.xpath("//button[@value='approve']/@disabled")
    assert not page.xpath("//button[@value='reject']")
    for decision in ("approve", "reject"):
        answer = vera.post(
            f"/approvals/{correction}/decide", form_token=vera.token(), decision=decision, note="please"
        )
        assert "roles that decide this" in answer.text
    assert site.outbox.show(correction).correction.state is State.PROPOSED


def test_a_post_without_the_session_token_is_refused(site: Site) -> None:
    correction = site.propose(charge_row())[0]
    carla = site.visitor("carla.cfo")
    for token in ("", "forged", "ünïcode"):
        answer = carla.post(f"/approvals/{correction}/decide", form_token=token, decision="approve")
        assert answer.status_code == 403
        assert carla.post("/approvals/decide", form_token=token, correction_id=correction).status_code == 403
    other = site.visitor("omar.delivery").token()
    assert (
        carla.post(f"/approvals/{correction}/decide", form_token=other, decision="approve").status_code == 403
    )
    assert site.outbox.show(correction).correction.state is State.PROPOSED


def test_another_units_correction_is_out_of_reach(site: Site) -> None:
    theirs, ours = site.propose(charge_row("501"), charge_row("502", business_unit_id="digital"))
    dora = site.visitor("dora.digital")
    listed = dora.get("/approvals").text
    assert ours in listed
    assert theirs not in listed
    assert dora.get(f"/approvals/{theirs}").status_code == 403
    answer = dora.post(f"/approvals/{theirs}/decide", form_token=dora.token(), decision="approve")
    assert answer.status_code == 403
    assert site.outbox.show(theirs).correction.state is State.PROPOSED


def test_a_correction_of_no_unit_is_seen_by_those_who_see_all(site: Site) -> None:
    correction = site.propose(charge_row(business_unit_id=None))[0]
    assert correction in site.visitor("carla.cfo").get("/approvals").text
    assert correction not in site.visitor("dora.digital").get("/approvals").text


def test_rejecting_needs_a_reason(site: Site) -> None:
    correction = site.propose(charge_row())[0]
    omar = site.visitor("omar.delivery")
    path = f"/approvals/{correction}/decide"
    assert "needs a reason" in omar.post(path, form_token=omar.token(), decision="reject", note=" ").text
    assert site.outbox.show(correction).correction.state is State.PROPOSED
    omar.post(path, form_token=omar.token(), decision="reject", note="billed by hand already")
    assert site.outbox.show(correction).correction.state is State.REJECTED
    assert correction in omar.get("/approvals?tab=ended").text


def test_many_at_once_are_judged_one_by_one(site: Site) -> None:
    small, large = site.propose(charge_row("501"), charge_row("502", amount_at_risk_rc="300000"))
    omar = site.visitor("omar.delivery")
    boxes = omar.page("/approvals").xpath("//input[@name='correction_id']")
    assert {box.get("value"): box.get("disabled") is not None for box in boxes} == {small: False, large: True}
    answer = omar.post("/approvals/decide", form_token=omar.token(), correction_id=[small, large])
    assert "1 approved" in answer.text
    assert "limit" in answer.text
    assert site.outbox.show(small).correction.state is State.APPROVED
    assert site.outbox.show(large).correction.state is State.PROPOSED


def test_deciding_twice_says_so(site: Site) -> None:
    correction = site.propose(charge_row())[0]
    carla, omar = site.visitor("carla.cfo"), site.visitor("omar.delivery")
    path = f"/approvals/{correction}/decide"
    carla.post(path, form_token=carla.token(), decision="approve")
    assert "cannot be approved" in omar.post(path, form_token=omar.token(), decision="approve").text
    assert carla.post(path, form_token=carla.token(), decision="explode").status_code == 400


def test_four_eyes_show_how_many_and_who_was_first(site: Site) -> None:
    correction = site.propose(charge_row(amount_at_risk_rc="300000"))[0]
    carla, grace = site.visitor("carla.cfo"), site.visitor("grace.controller")
    path = f"/approvals/{correction}"
    assert "0 of 2 approvals" in grace.get(path).text
    answer = carla.post(f"{path}/decide", form_token=carla.token(), decision="approve")
    assert "One more person" in answer.text
    for page in (path, "/approvals"):
        assert "1 of 2 approvals, by Carla Mendes" in grace.get(page).text
    again = carla.post(f"{path}/decide", form_token=carla.token(), decision="approve")
    assert "approved this correction already" in again.text
    grace.post(f"{path}/decide", form_token=grace.token(), decision="approve")
    assert site.outbox.show(correction).correction.state is State.APPROVED


def test_the_page_says_who_may_not_for_want_of_a_business_unit(site: Site) -> None:
    correction = site.propose(charge_row())[0]
    page = site.visitor("carla.cfo").page(f"/approvals/{correction}")
    text = page.xpath("string(//tr[contains(., 'Dora Digital')])")
    assert "business unit advisory" in text
    assert "decides for digital" in text


def test_held_figures_are_announced_and_nothing_of_their_checks_is_decided(site: Site) -> None:
    correction = site.propose(charge_row())[0]
    carla = site.visitor("carla.cfo")
    holds.settle(site.outbox, {"B01": "kantata_group: expense rows does not tie (812, 811)."})
    page = carla.page("/")
    (banner,) = page.xpath("//section[@aria-label='Not published']")
    words = " ".join(banner.text_content().split())
    assert "last good figures" in words
    assert "expense rows does not tie (812, 811)" in words
    assert words.endswith("B01.")
    assert "check B01 waits" in carla.page(f"/approvals/{correction}").text_content()
    holds.settle(site.outbox, {})
    assert not carla.page("/").xpath("//section[@aria-label='Not published']")
