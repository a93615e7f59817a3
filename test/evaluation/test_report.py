"""The page: whole, closed, and proof against what people say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored import mask_answer, match, scored

from ris_ros.data.expression import Expression
from ris_ros.evaluation.charts import histogram_chart, kept_rejected_chart, reliability_chart
from ris_ros.evaluation.figures import figures
from ris_ros.evaluation.gallery import Gallery
from ris_ros.evaluation.html_report import html_report
from ris_ros.evaluation.markup import Markup, element, join
from ris_ros.evaluation.overlap import Overlap
from ris_ros.evaluation.questions import Question
from ris_ros.evaluation.results import Results
from ris_ros.evaluation.semantic import ClassScore
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Command, Frame, Grounding, Target

HOSTILE = "</style><script>alert('1')</script> \"the\" <b>car & bus"
THRESHOLDS = Thresholds(0.5, 0.5, 0.5)
ABOUT = {"bundle": "<i>mine</i>", "data": "d", "split": "val", "backend": "onnx", "precision": "fp32",
         "command_line": "ris eval --out 'a & b'"}  # fmt: skip


class Page(HTMLParser):
    """Collects a page and fails where a tag is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.sources += [values[name] for name in ("src", "srcset", "data") if name in values]
        self.links += [values["href"]] if "href" in values else []
        self.ids |= {values["id"]} if "id" in values else set()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data


@pytest.fixture(scope="module")
def content() -> str:
    scores = (
        scored("drive_1", match(60, 100), text=HOSTILE),
        scored("drive_2", match(20, 100), target="region", kind="said_region", road_share=0.5),
        scored("drive_2", text=HOSTILE, kind="said_absent"),
        scored("drive_3", match(), found=False),
    )
    gallery = Gallery()
    mask = np.zeros((90, 120), np.bool_)
    mask[20:50, 30:70] = True
    for entry in scores:
        answer = mask_answer(mask & entry.found, mask.astype(np.uint8) * 255)
        frame = Frame("image", np.full((90, 120, 3), 90, np.uint8), 0)
        command = Command("1", entry.text, Target.parse(entry.target), 0)
        grounding = Grounding(command, frame, entry.found, 0.9, 1.0, answer, answer)
        truth = mask if entry.exists else None
        expression = Expression(entry.text, entry.kind, command.target, entry.exists, truth, truth)
        gallery.add(entry, Question(expression, "said"), grounding, THRESHOLDS)
    results = Results(scores, (ClassScore("drive_1", "road", Overlap(1, 2)),))
    return html_report({"about": ABOUT, **figures(results, THRESHOLDS)}, gallery).decode()


def test_the_page_is_well_formed_and_needs_nothing_but_itself(content):
    page = Page(content)
    assert page.open == []
    assert page.sources and all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert "script" not in page.tags and "link" not in page.tags
    assert "://" not in content and "url(" not in content and "@import" not in content
    assert all(link.removeprefix("#") in page.ids for link in page.links)
    assert "prefers-color-scheme: dark" in content and "width=device-width" in content


def test_what_people_say_is_shown_and_never_obeyed(content):
    page = Page(content)
    assert HOSTILE in page.text and "<i>mine</i>" in page.text
    assert "<b>car" not in content and "<script" not in content


def test_every_figure_and_picture_is_there(content):
    page = Page(content)
    for part in (
        "Objects: mean IoU",
        "mRR, per object",
        "recall@50",
        "P@0.9",
        "said_region",
        "object: 4-6",
        "the road",
    ):
        assert part in page.text
    assert page.tags.count("img") == 2 + 2 + 1 + 1  # best and worst of both targets, a false find, a false refusal
    assert page.tags.count("figure") == 6 + 4


def test_a_run_without_classes_or_regions_has_a_page():
    results = Results((scored("a", match()), scored("a", found=False)), ())
    page = Page(html_report({"about": ABOUT, **figures(results, THRESHOLDS)}, Gallery()).decode())
    assert page.open == [] and "labels no classes" in page.text


@given(st.text(), st.text())
def test_markup_escapes_texts_and_values(text, value):
    class Reader(HTMLParser):
        seen: tuple[object, ...] = ()
        data = ""

        def handle_starttag(self, tag, attrs):
            self.seen += (tag, *attrs)

        def handle_data(self, data):
            self.data += data

    reader = Reader(convert_charrefs=True)
    text, value = text.replace("\r", "").replace("\0", ""), value.replace("\r", "").replace("\0", "")
    reader.feed(element("p", text, title=value))
    reader.close()
    assert reader.seen == ("p", ("title", value))
    assert reader.data == text


def test_markup_nests_unescaped_and_leaves_out_nothing_else():
    inner = element("b", "1 < 2")
    assert element("td", inner, None, class_="x", aria_label=None, width=1.5) == (
        '<td class="x" width="1.5"><b>1 &lt; 2</b></td>'
    )
    assert join("<", Markup("<br/>")) == "&lt;<br/>"
    assert element("circle", r=2.0) == '<circle r="2"/>'


def test_charts_put_shares_where_the_axes_say():
    chart = kept_rejected_chart([], {"here": {"kept": 1.0, "rejected": 1.0, "threshold": 0.5}}, (0.5, 0.5))
    corner = element("circle", cx=328.0, cy=12.0, r=5)
    assert corner.removeprefix("<circle ").removesuffix("/>") in chart
    assert 'x="190" y="12" width="138" height="123"' in chart  # the upper right quarter of the plot
    near = {name: {"kept": 0.8, "rejected": 0.8, "threshold": 0.5} for name in ("one", "two")}
    rows = re.findall(r'y="([\d.]+)" text-anchor="end">(?:one|two)', kept_rejected_chart([], near, (0.5, 0.5)))
    assert len(rows) == 2 and abs(float(rows[0]) - float(rows[1])) >= 12
    empty = reliability_chart([{"count": 0}])
    assert "circle" not in empty
    assert histogram_chart("x", [0, 8]).count('class="bar"') == 2
