#!/usr/bin/env python3
"""Makes pictures of the golden messages, to be looked at before a change of a template is committed.

    python3 Scripts/message-pictures.py [FOLDER=.build/message-pictures]

For each of the scenes that have a golden card for Teams: the Slack message on a desk and on a phone,
the mail light and dark, each also 390 px wide, and the card. Writes SCENE-FORM.png, and index.html with
all of them. Exits with 1 if a picture is wider than the window that it was made for. Needs chromedriver,
and the fonts Lato and Noto Color Emoji; nothing of PyPI, and no build.
"""

import html
import json
import pathlib
import struct
import sys
import tempfile

from drawing import Browser, slack_page, teams_page

TOP = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = TOP / "Tests" / "RenderingTests" / "Golden"
# Name, kind of golden file, width of the window (None: a desk), dark.
FORMS = [
    ("slack", "slack.json", None, False), ("slack-390", "slack.json", 390, False),
    ("mail", "html", None, False), ("mail-dark", "html", None, True),
    ("mail-390", "html", 390, False), ("mail-390-dark", "html", 390, True),
    ("teams", "teams.json", None, False),
]


def text_of(scene, kind, width):
    text = (GOLDEN / f"{scene}.{kind}").read_text(encoding="utf-8")
    if kind == "slack.json":
        page = slack_page(json.loads(text), width or 760)
    elif kind == "teams.json":
        page = teams_page(json.loads(text))
    else:
        return text
    return "<meta name=viewport content='width=device-width'>" + page


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / ".build" / "message-pictures")
    folder.mkdir(parents=True, exist_ok=True)
    scenes = sorted(file.name[: -len(".teams.json")] for file in GOLDEN.glob("*.teams.json"))
    if len(scenes) < 10:
        sys.exit(f"only {len(scenes)} scenes have a card for Teams")
    rows, cut = [], []
    browser = Browser(920, 700)
    try:
        with tempfile.TemporaryDirectory() as pages:
            for scene in scenes:
                cells = []
                for form, kind, width, dark in FORMS:
                    page = pathlib.Path(pages) / f"{scene}-{form}.html"
                    page.write_text(text_of(scene, kind, width), encoding="utf-8")
                    browser.emulate(width, dark)
                    browser.open(page.as_uri())
                    widest = browser.run(
                        "return Math.max(document.documentElement.scrollWidth, ...Array.from("
                        "document.querySelectorAll('body *'), e => Math.ceil(e.getBoundingClientRect().right)))")
                    if width and widest > width:
                        cut.append(f"{scene}-{form} is {widest} px wide")
                    png = browser.picture("body" if kind == "html" else ".frame")
                    name = f"{scene}-{form}.png"
                    (folder / name).write_bytes(png)
                    scale = 2 if width else 1.5
                    pixels = struct.unpack(">I", png[16:20])[0]
                    cells.append(f"<td><p>{form}</p><img src={name} width={round(pixels / scale)}></td>")
                rows.append(f"<tr><th>{html.escape(scene)}</th>{''.join(cells)}</tr>")
                print(scene, flush=True)
    finally:
        browser.quit()
    (folder / "index.html").write_text(
        "<!DOCTYPE html><meta charset=utf-8><title>Messages</title>"
        "<style>td, th { vertical-align: top; padding: 8px; font: 13px sans-serif }</style>"
        f"<table>{''.join(rows)}</table>", encoding="utf-8")
    print(folder / "index.html")
    for line in cut:
        print(line, file=sys.stderr)
    sys.exit(1 if cut else 0)


if __name__ == "__main__":
    main()
