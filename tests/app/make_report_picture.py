#!/usr/bin/env python3
"""Makes the pictures of the front page, src/report/report-{light,dark}.png, from a report.html.

usage: tests/app/make_report_picture.py REPORT.html

REPORT.html is what `mnist-bench report runs/paper -o report.html` writes of the six seeds of
scripts/reproduce_paper. Parts of the page are arranged on one screen; nothing is drawn anew. Needs
Chromium and Selenium, as test_page.py does. Then, for a third of the size:

  pngquant --nofs --ext .png --force 256 src/report/report-*.png
"""

import base64
import sys
import tempfile
from pathlib import Path

from selenium import webdriver

FOLDER = Path(__file__).resolve().parents[2] / "src/report"
WIDTH = 1100
ARRANGE = """
const all = (selector) => [...document.querySelectorAll(selector)];
const drop = (elements) => elements.forEach((element) => element.remove());
drop(all("#theme, details, #classes, #robustness, #calibration, #efficiency, #pairs, #configs, .choice, .note, .readout, #results p, #mistakes p"));
drop(all("#learning figure").slice(1));
drop(all("#confusion figure").slice(0, -1));
drop(all("#mistakes .mistakes, #mistakes h3").slice(0, -2));
drop(all("#mistakes .mistakes li").slice(6));
all("h2").forEach((title) => { title.style.cssText = "border: 0; padding: 0; margin: 14px 0 10px"; });
all("h3").forEach((title) => { title.style.margin = "0"; });
all(".figures").forEach((figures) => { figures.style.display = "block"; });
all("svg.figure").forEach((figure) => { figure.style.minWidth = "0"; });
document.querySelector("header").style.paddingTop = "16px";
const columns = document.createElement("div");
columns.style.cssText = "display: grid; grid-template-columns: 1fr 1fr; gap: 0 40px";
const left = document.createElement("div");
left.append(...all("#learning, #mistakes"));
columns.append(left, ...all("#confusion"));
document.querySelector("main").append(columns);
const bottoms = all("li, figcaption").map((part) => part.getBoundingClientRect().bottom);
return Math.ceil(Math.max(...bottoms)) + 20;
"""


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    page = Path(sys.argv[1]).resolve()
    options = webdriver.ChromeOptions()
    with tempfile.TemporaryDirectory() as profile:
        for argument in ("headless=new", "no-sandbox", "disable-gpu", f"user-data-dir={profile}"):
            options.add_argument(f"--{argument}")
        driver = webdriver.Chrome(options=options)
        for scheme in ("light", "dark"):
            screen = {"width": WIDTH, "height": 800, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
            driver.get(page.as_uri())
            height = driver.execute_script(ARRANGE)
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 1.5}
            shot = driver.execute_cdp_cmd(
                "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
            )
            (FOLDER / f"report-{scheme}.png").write_bytes(base64.b64decode(shot["data"]))
        driver.quit()


main()
