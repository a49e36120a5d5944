"""A figure made smaller: what is drawn and what is written stay as they are."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from sim.report.page.slimming import slim

SVG = """<svg viewBox="0 0 10 10" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg">
 <defs>
  <clipPath id="k-p0123456789">
   <rect x="0" y="0" width="5" height="5"/>
  </clipPath>
 </defs>
 <g id="k-figure_1">
  <g id="k-patch_1">
   <path d="M 1.50 2.00
L 10.05 100
z
" clip-path="url(#k-p0123456789)" style="fill: none"/>
  </g>
  <g id="k-line2d_1"/>
  <g id="k-limit-x-0">
   <text style="font-size: 8px; font-family: 'DejaVu Sans', sans-serif; fill: var(--bad)" x="1.00"
    transform="rotate(-0 1.00 2.00)">a  1.50 id="x" &lt;g/&gt;</text>
  </g>
  <g id="k-text_2">
   <text style="font-size: 8px; font-family: 'DejaVu Sans', sans-serif" transform="rotate(-30 1.00 2.00)">turned</text>
  </g>
 </g>
</svg>"""


def test_what_people_see_stays() -> None:
    made = slim(SVG, "-limit-")
    root = ET.fromstring(made)  # noqa: S314 - our own text
    space = "{http://www.w3.org/2000/svg}"
    assert [text.text for text in root.iter(f"{space}text")] == ['a  1.50 id="x" <g/>', "turned"]
    assert root.get("font-family") == "DejaVu Sans, sans-serif"
    (path,) = root.iter(f"{space}path")
    assert path.get("d") == "M 1.5 2 L 10.05 100 z"
    (clip,) = root.iter(f"{space}clipPath")
    assert path.get("clip-path") == f"url(#{clip.get('id')})"
    assert [text.get("transform") for text in root.iter(f"{space}text")] == [None, "rotate(-30 1.00 2.00)"]


def test_what_nothing_refers_to_goes() -> None:
    made = slim(SVG, "-limit-")
    groups = ET.fromstring(made).iter()  # noqa: S314 - our own text
    assert [group.get("id") for group in groups if group.get("id")] == ["k-0", "k-limit-x-0"]
    assert "<g/>" not in made
    assert "line2d" not in made
    assert len(made) < 0.75 * len(SVG)
