"""The claims in paper.html, in a real Chromium: counts of verdicts, filter, evidence."""

import base64
import collections
import re

import pytest
from support import parse_json
from test_page import SMALLEST_CONTRAST, By, Keys, fixture_driver, pytestmark, show  # noqa: F401

QUICK = ("training.engine=native", "data.train_limit=300")


@pytest.fixture(scope="module", name="paper")
def fixture_paper(tmp_path_factory):
    """paper.html, and the claims that paper.json has, of one run of each model."""
    from conftest import run_binary

    home = tmp_path_factory.mktemp("claims")
    for model in ("mlp", "cnn"):
        done = run_binary("run", model, *QUICK, "seed=1", cwd=home)
        assert done.code == 0, done
    # Labels need not have a place to break a line at: this one is in headings and captions.
    name = f"name={10 * 'long_name_'}"
    done = run_binary("run", "mlp", *QUICK, "training.epochs=1", name, cwd=home)
    assert done.code == 0, done
    done = run_binary("report", "runs", "--paper", "-opaper.html", "-opaper.json", cwd=home)
    assert done.code == 0, done
    return home / "paper.html", parse_json((home / "paper.json").read_text())["paper"]["claims"]


def shown_claims(driver):
    """Verdict and words of each."""
    return driver.execute_script(
        "return [...document.querySelectorAll('.claims > li')].filter((c) => c.checkVisibility())"
        ".map((c) => [...c.querySelectorAll('summary > span')].map((part) => part.innerText))"
    )


def announced(driver):
    return driver.find_element(By.CSS_SELECTOR, "#paper [role=status]").text


def toggle(driver, verdict):
    buttons = driver.find_elements(By.CSS_SELECTOR, ".filter button")
    (button,) = [each for each in buttons if each.get_attribute("value") == verdict]
    button.click()


@pytest.mark.parametrize("width", [1400, 390])
def test_verdicts_and_table_4_are_on_the_first_screen(driver, paper, width):
    page, claims = paper
    show(driver, page, width=width)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    counts = driver.find_elements(By.CSS_SELECTOR, ".counts a")
    by_verdict = collections.Counter(claim["verdict"] for claim in claims)
    assert sorted(count.text for count in counts) == sorted(
        f"{number} {verdict}" for verdict, number in by_verdict.items()
    )
    table = driver.find_element(By.CSS_SELECTOR, "#paper table")
    assert table.text.startswith("Tables 4 and 5")
    row = table.find_element(By.CSS_SELECTOR, "tbody tr").rect
    assert max(count.rect["y"] for count in counts) < row["y"]
    assert row["y"] + row["height"] < 844
    parts = driver.find_elements(By.CSS_SELECTOR, "#paper table, #paper .claims, #results")
    assert [part.tag_name for part in parts] == ["table", "ol", "table", "table", "table", "section"]


def test_claims_are_filtered_by_verdict_and_by_words(driver, paper):
    page, claims = paper
    show(driver, page)
    assert announced(driver) == f"{len(claims)} of {len(claims)} claims shown"
    wanted = set()
    for verdict in ("cannot be told", "does not hold"):
        toggle(driver, verdict)
        wanted.add(verdict)
        expected = [claim["verdict"] for claim in claims if claim["verdict"] in wanted]
        assert [verdict for verdict, _ in shown_claims(driver)] == expected
        assert announced(driver) == f"{len(expected)} of {len(claims)} claims shown"
    search = driver.find_element(By.CSS_SELECTOR, ".filter input")
    search.send_keys("ADAM")
    with_adam = [
        claim["claim"]
        for claim in claims
        if claim["verdict"] in wanted and re.search("adam", str(claim), re.IGNORECASE)
    ]
    assert 0 < len(with_adam) < len(expected)
    for (_, shown), words in zip(shown_claims(driver), with_adam, strict=True):
        assert shown.endswith(f": {words}")
    assert announced(driver) == f"{len(with_adam)} of {len(claims)} claims shown"
    search.send_keys(" and nothing that there is")
    assert shown_claims(driver) == []
    # A count at the top shows its claims whatever was chosen before.
    count = driver.find_element(By.CSS_SELECTOR, '.counts a[data-verdict="cannot be told"]')
    count.click()
    assert {verdict for verdict, _ in shown_claims(driver)} == {"cannot be told"}
    assert str(len(shown_claims(driver))) == count.find_element(By.TAG_NAME, "b").text
    toggle(driver, "cannot be told")
    assert len(shown_claims(driver)) == len(claims)


def test_evidence_opens_by_keyboard_and_by_a_link_to_its_claim(driver, paper):
    page, claims = paper
    show(driver, page)
    first = driver.find_element(By.ID, "paper-claim-1")
    evidence = first.find_element(By.TAG_NAME, "ul")
    assert not evidence.is_displayed()
    driver.find_element(By.CSS_SELECTOR, ".filter input").send_keys(Keys.TAB)
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert evidence.is_displayed()
    assert evidence.text.splitlines() == claims[0]["findings"]
    driver.get("about:blank")
    driver.get(page.as_uri() + "#paper-claim-5")
    assert driver.find_element(By.CSS_SELECTOR, "#paper-claim-5 ul").is_displayed()
    assert not driver.find_element(By.CSS_SELECTOR, "#paper-claim-4 ul").is_displayed()


def test_without_javascript_all_claims_are_there_and_no_filter(driver, paper):
    page, claims = paper
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(driver, page)
        assert len(shown_claims(driver)) == len(claims)
        assert not driver.find_element(By.CSS_SELECTOR, ".filter").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_of_claims_is_readable(driver, paper, scheme):
    show(driver, paper[0], scheme=scheme)
    toggle(driver, "does not hold")
    driver.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    contrast, text = driver.execute_script(SMALLEST_CONTRAST)
    assert contrast >= 4.5, text


def test_evidence_is_printed(driver, paper):
    page, _ = paper
    show(driver, page)
    folded = len(base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {})["data"]))
    driver.execute_script("document.querySelectorAll('.claims details').forEach((d) => { d.open = true; })")
    opened = len(base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {})["data"]))
    assert abs(folded - opened) < opened / 100
