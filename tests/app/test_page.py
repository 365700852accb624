"""The HTML report and the SVG figures, in a real Chromium."""

import base64
import re
import shutil
import struct
from xml.etree import ElementTree

import pytest
from support import SMALL, SMOKE
from test_report import change_result

CHROMIUM = shutil.which("chromium")
CHROMEDRIVER = shutil.which("chromedriver")
try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER and webdriver),
    reason="no Chromium: apt install chromium-driver python3-selenium",
)

NASTY = "/data/<script>alert(1)</script>&amp;\"'"
SVG_ENDINGS = (
    *("accuracy.svg", "loss.svg", "time.svg", "confusion.svg", "classes.svg"),
    *("reliability.svg", "coverage.svg", "efficiency.svg"),
)

# WCAG 2.2, success criterion 1.4.3: the smallest contrast of any text with what is painted under
# it, with where that is. Backgrounds of HTML elements are opaque or none in our style sheet; under
# the numbers of a confusion matrix is the cell's translucent rectangle.
SMALLEST_CONTRAST = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const over = (top, alpha, under) => top.map((c, i) => alpha * c + (1 - alpha) * under[i]);
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const background = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
    if (a > 0) return [r, g, b];
  }
  return [255, 255, 255];
};
let worst = [Infinity, ""];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  const style = getComputedStyle(element);
  if (!node.textContent.trim() || !element.getClientRects().length) continue;
  if (["SCRIPT", "STYLE", "title", "desc"].includes(element.tagName)) continue;
  const svg = element instanceof SVGElement;
  let under = background(element.closest("svg") ?? element);
  const rectangle = element.closest(".cell")?.querySelector("rect");
  if (rectangle) {
    const fill = getComputedStyle(rectangle);
    under = over(parse(fill.fill).slice(0, 3), Number(fill.fillOpacity), under);
  }
  const value = contrast(parse(svg ? style.fill : style.color).slice(0, 3), under);
  if (value < worst[0]) worst = [value, node.textContent.trim()];
}
return worst;
"""


@pytest.fixture(scope="module", name="page")
def fixture_page(tmp_path_factory):
    """report.html and the figures, of two seeds of two experiments and a failed run."""
    from conftest import run_binary

    home = tmp_path_factory.mktemp("page")
    for name, seed in (("wide", 1), ("wide", 2), ("narrow", 1), ("narrow", 2)):
        units = "[64]" if name == "wide" else "[16]"
        done = run_binary(
            *("run", SMOKE, *SMALL, f"name={name}", f"seed={seed}", f"model.hidden={units}"),
            "training.epochs=3",
            cwd=home,
        )
        assert done.code == 0, done
    shutil.copytree(home / "runs/wide/seed-2", home / "runs/wide/seed-3")
    change_result(home / "runs/wide/seed-3", status="failed", error=NASTY, config__seed=3)
    outputs = [f"-o{ending}" for ending in ("report.html", *SVG_ENDINGS)]
    done = run_binary("report", "runs", *outputs, cwd=home)
    assert done.code == 0, done
    return home


@pytest.fixture(scope="module", name="driver")
def fixture_driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    profile = tmp_path_factory.mktemp("profile")
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(
        service=webdriver.chrome.service.Service(CHROMEDRIVER), options=options
    )
    yield driver
    driver.quit()


def show(driver, file, width=1280, scheme="light"):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    driver.get_log("browser")
    driver.get(file.as_uri())


def background(driver):
    return driver.execute_script("return getComputedStyle(document.documentElement).backgroundColor")


def test_loads_without_a_word_in_the_console_and_without_a_request(driver, page):
    driver.get_log("performance")
    show(driver, page / "report.html")
    assert driver.get_log("browser") == []
    requests = [
        entry["message"]
        for entry in driver.get_log("performance")
        if "Network.requestWillBeSent" in entry["message"]
        and '"url":"data:' not in entry["message"]
    ]
    assert len(requests) == 1, requests  # the page itself


def test_has_every_figure_with_a_name_and_something_in_it(driver, page):
    show(driver, page / "report.html")
    figures = driver.find_elements(By.CSS_SELECTOR, "svg.figure")
    # Curves and time; per experiment confusion and classes; calibration; accuracy against costs.
    assert len(figures) == 3 + 2 + 2 + 2 + 5
    for figure in figures:
        assert figure.get_attribute("aria-label")
        assert figure.size["width"] > 300
        assert figure.size["height"] > 150
    for part, count in ((".band", 2 + 4 + 2), (".cell", 2 * 100), (".bar", 2 * (30 + 3))):
        assert len(driver.find_elements(By.CSS_SELECTOR, f"svg.figure {part}")) == count, part
    text = driver.find_element(By.TAG_NAME, "body").text
    assert not re.search(r"\bnan\b|\binf\b", text, re.IGNORECASE)
    assert NASTY in text  # as text: no dialog came, no element was made of it
    assert "model.hidden" in text
    assert "git_revision" in text


def test_shows_mistakes_as_the_images_that_they_are(driver, page):
    show(driver, page / "report.html")
    images = driver.find_elements(By.CSS_SELECTOR, ".mistakes img")
    assert 24 < len(images) <= 48
    with_labels = driver.find_elements(By.CSS_SELECTOR, ".mistakes li")[0].text
    assert "read as" in with_labels
    for image in images:
        assert image.get_attribute("alt").startswith("test image ")
        assert image.get_property("naturalWidth") == 28
    png = base64.b64decode(images[0].get_attribute("src").split(",")[1])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (28, 28)


def test_theme_follows_the_system_until_the_button_is_pressed(driver, page):
    show(driver, page / "report.html", scheme="dark")
    dark = background(driver)
    show(driver, page / "report.html", scheme="light")
    light = background(driver)
    assert dark != light
    button = driver.find_element(By.ID, "theme")
    for shown, expected in (("light", light), ("dark", dark), ("automatic", light)):
        button.click()
        assert shown in button.text
        assert background(driver) == expected


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_readable(driver, page, scheme):
    show(driver, page / "report.html", scheme=scheme)
    for choice in ("counts", "shares"):
        driver.find_element(By.CSS_SELECTOR, f"input[value={choice}]").click()
        contrast, text = driver.execute_script(SMALLEST_CONTRAST)
        assert contrast >= 4.5, text


def test_confusion_matrices_show_counts_or_shares(driver, page):
    show(driver, page / "report.html")
    count = driver.find_element(By.CSS_SELECTOR, ".confusion .cell.hit .count")
    share = driver.find_element(By.CSS_SELECTOR, ".confusion .cell.hit .share")
    assert (count.is_displayed(), share.is_displayed()) == (True, False)
    driver.find_element(By.CSS_SELECTOR, "input[value=shares]").click()
    assert (count.is_displayed(), share.is_displayed()) == (False, True)


def test_a_cell_is_read_out_by_mouse_and_by_keyboard(driver, page):
    show(driver, page / "report.html")
    figure = driver.find_element(By.XPATH, "//*[contains(@class, 'confusion')]/ancestor::figure")
    readout = figure.find_element(By.CSS_SELECTOR, ".readout")
    cell = figure.find_element(By.CSS_SELECTOR, '[data-row="3"][data-column="5"]')
    webdriver.ActionChains(driver).move_to_element(cell).perform()
    assert readout.text.startswith("true 3, predicted 5: ")
    webdriver.ActionChains(driver).move_to_element(driver.find_element(By.ID, "theme")).perform()
    matrix = figure.find_element(By.CSS_SELECTOR, ".confusion")
    for key, place in (
        (Keys.ARROW_DOWN, "true 4, predicted 5: "),
        (Keys.ARROW_RIGHT, "true 4, predicted 6: "),
        (Keys.ARROW_UP, "true 3, predicted 6: "),
    ):
        matrix.send_keys(key)
        assert readout.text.startswith(place)


def test_everything_that_acts_is_reached_by_tab(driver, page):
    show(driver, page / "report.html")
    reached = []
    for _ in range(40):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(driver.execute_script("return document.activeElement.outerHTML.slice(0, 60)"))
    for start in ('<button type="button" id="theme"', "<summary", "<input", '<svg class="figure conf'):
        assert any(html.startswith(start) for html in reached), (start, reached)


@pytest.fixture(scope="module", name="evaluated")
def fixture_evaluated(tmp_path_factory):
    """report.html of a run that was evaluated on images turned both ways, and inverted."""
    from conftest import run_binary

    home = tmp_path_factory.mktemp("evaluated")
    quick = ("training.engine=native", "training.epochs=1", "data.train_limit=500", "seed=1")
    done = run_binary("run", "mlp", *quick, cwd=home)
    assert done.code == 0, done
    specs = ("rotate:degrees=30", "rotate:degrees=9", "rotate:degrees=-30", "invert")
    done = run_binary("evaluate", "runs", *(f"--transform={spec}" for spec in specs), cwd=home)
    assert done.code == 0, done
    done = run_binary("report", "runs", "-oreport.html", cwd=home)
    assert done.code == 0, done
    return home / "report.html"


@pytest.mark.parametrize(("width", "beside"), [(1400, True), (390, False)])
def test_what_each_severity_looks_like_is_beside_its_curve(driver, evaluated, width, beside):
    show(driver, evaluated, width=width)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    (row,) = driver.find_elements(By.CSS_SELECTOR, "#robustness .figures")
    chart, strip = row.find_elements(By.TAG_NAME, "figure")
    assert (strip.rect["x"] >= chart.rect["x"] + chart.rect["width"]) == beside
    assert (strip.rect["y"] >= chart.rect["y"] + chart.rect["height"]) == (not beside)
    # Each name is above its column of the picture.
    names = strip.find_elements(By.TAG_NAME, "span")[:4]
    assert [name.text.split() for name in names] == [["as", "they", "are"], ["-30"], ["9"], ["30"]]
    picture = strip.find_element(By.TAG_NAME, "img").rect
    for i, name in enumerate(names):
        middle = name.rect["x"] + name.rect["width"] / 2
        assert abs(middle - picture["x"] - (i + 0.5) * picture["width"] / 4) < 3
    # Which of the four images flip.
    rows = strip.find_elements(By.CSS_SELECTOR, "tbody tr")
    assert [len(each.find_elements(By.TAG_NAME, "td")) for each in rows] == [6] * 4
    alone = driver.find_elements(By.CSS_SELECTOR, "#robustness .strips figcaption")
    assert [caption.text for caption in alone] == ["invert"]


def test_the_caption_of_a_scrolled_table_stays_in_sight(driver, page):
    show(driver, page / "report.html", width=390)
    tables = driver.find_elements(By.CSS_SELECTOR, "#results > .scroll, #efficiency > .scroll")
    assert len(tables) == 2
    for table in tables:
        scrolled = driver.execute_script(
            "arguments[0].scrollLeft = 9999; return arguments[0].scrollLeft", table
        )
        assert scrolled > 50
        caption = table.find_element(By.CSS_SELECTOR, "caption span").rect
        assert caption["x"] >= 0
        assert caption["x"] + caption["width"] <= 390


@pytest.mark.parametrize("width", [390, 1280])
def test_fits_the_screen(driver, page, width):
    show(driver, page / "report.html", width=width)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width


def test_prints(driver, page):
    show(driver, page / "report.html", scheme="dark")
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF")
    assert 2 <= pdf.count(b"/Type /Page\n") <= 12


@pytest.mark.parametrize("ending", SVG_ENDINGS)
def test_figures_are_files_of_their_own(driver, page, ending):
    root = ElementTree.parse(page / ending).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    show(driver, page / ending, scheme="dark")
    assert driver.get_log("browser") == []
    box = driver.execute_script(
        "const b = document.documentElement.getBBox(); return [b.width, b.height]"
    )
    assert min(box) > 150


def test_a_page_without_data_or_predictions_says_so(driver, page, bench, tmp_path):
    shutil.copytree(page / "runs", tmp_path / "runs")
    for file in (tmp_path / "runs").rglob("predictions.csv"):
        file.unlink()
    assert bench("report", "runs", "-o", "report.html").code == 0
    show(driver, tmp_path / "report.html")
    assert "Not shown: " in driver.find_element(By.ID, "mistakes").text


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_contact_sheet_is_a_page_like_the_report(driver, bench, tmp_path, width, scheme):
    assert bench("data", "sheet", "-o", "sheet.html", "--suite", "quick", "--images", "10").code == 0
    show(driver, tmp_path / "sheet.html", width=width, scheme=scheme)
    assert driver.get_log("browser") == []
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.execute_script(SMALLEST_CONTRAST)[0] >= 4.5
    # A pixel of the picture is one of the screen.
    sizes = driver.execute_script(
        "return [...document.images].map((i) => [i.naturalWidth, i.clientWidth, i.naturalHeight, i.clientHeight])"
    )
    assert sizes == [[296, 296, 116, 116]] * 9
