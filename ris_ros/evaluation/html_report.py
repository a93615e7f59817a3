"""The figures of an evaluation and the answers worth looking at, as one page for people."""

from __future__ import annotations

from typing import Any

from ris_ros.evaluation.charts import histogram_chart, interval_track, kept_rejected_chart, reliability_chart
from ris_ros.evaluation.gallery import SHELVES, Exhibit, Gallery
from ris_ros.evaluation.headline import HEADLINES
from ris_ros.evaluation.markup import Markup, element, join
from ris_ros.evaluation.page import chart, meter, page, picture, section, table

_SECTIONS: dict[str, str] = {
    "headline": "Headline figures",
    "masks": "Masks and pointing",
    "existence": "Is it there?",
    "slices": "By kind, size, length and wording",
    "semantic": "Semantic check by words",
    "pictures": "Pictures",
}
_SHELF_TITLES: dict[str, str] = {
    "best_object": "Objects, best",
    "best_region": "Regions, best",
    "worst_object": "Objects, worst of what was found",
    "worst_region": "Regions, worst of what was found",
    "false_find": "Falsely found: it is not there",
    "false_refusal": "Falsely refused: it is there (the mask was held back)",
}
_PLACES: dict[str, str] = {
    "share_on_road": "share of an answer on the road",
    "share_clear_of_object": "share of an answer off the thing named",
    "entirely_clear_of_object": "answers entirely off the thing named",
    "on_side": "answers on the side asked for",
}
_SLICE_TITLES: dict[str, str] = {
    "kind": "By kind of sentence",
    "size": "By size of the truth (under 0.5 %, under 5 % and more of the image)",
    "length": "By words of the sentence",
    "wording": "By wording",
}


def html_report(metrics: dict[str, Any], gallery: Gallery) -> bytes:
    """The page.

    Args:
        metrics: What ``metrics.json`` holds.
        gallery: The answers worth looking at.
    """
    about = metrics["about"]
    return page(
        f"{about['bundle']} on {about['data']}",
        element("h1", f"{about['bundle']} on {about['data']}"),
        _introduction(metrics),
        element("nav", *(element("a", title, href=f"#{name}") for name, title in _SECTIONS.items())),
        section("headline", _SECTIONS["headline"], *_headline(metrics)),
        section("masks", _SECTIONS["masks"], *_masks(metrics)),
        section("existence", _SECTIONS["existence"], *_existence(metrics)),
        section("slices", _SECTIONS["slices"], *_slices(metrics)),
        section("semantic", _SECTIONS["semantic"], *_semantic(metrics)),
        section("pictures", _SECTIONS["pictures"], *_pictures(gallery)),
    )


def _introduction(metrics: dict[str, Any]) -> Markup:
    about, resampling, thresholds = metrics["about"], metrics["resampling"], metrics["thresholds"]
    unit = "frames" if resampling["block_frames"] == 1 else f"blocks of {resampling['block_frames']} frames"
    return join(
        element(
            "p",
            f"{metrics['sentences']} sentences on {metrics['images']} images ({about['data']}, {about['split']}), "
            f"answered by {about['backend']} in {about['precision']}. Thresholds: object {thresholds['object']:.2f}, "
            f"region {thresholds['region']:.2f}, existence {thresholds['existence']:.2f}. Intervals hold 95 % of "
            f"{resampling['rounds']} bootstrap draws of {resampling['units']} {unit}.",
        ),
        element("p", element("code", about["command_line"]), class_="soft"),
    )


def _headline(metrics: dict[str, Any]) -> list[Markup]:
    known = [part for part in metrics["headline"].values() if part["value"] is not None]
    judged = [part for part in known if part["bar"] is not None]
    others = [part for part in known if part["bar"] is None]
    return [
        table(
            ("", "value", "", "bar", "aim", "95 % interval", ""),
            [
                (*_figure(part), _verdict(part), _goal(part["bar"]), _goal(part["aim"]), _range(part), _track(part))
                for part in judged
            ],
        ),
        element("h3", "Further figures"),
        table(("", "value", "95 % interval", ""), [(*_figure(part), _range(part), _track(part)) for part in others]),
    ]


def _figure(part: dict[str, Any]) -> tuple[str, Markup]:
    return part["label"], element("b", _number(part["value"]))


def _track(part: dict[str, Any]) -> Markup:
    return interval_track(part["value"], part["low"], part["high"], part["bar"])


def _verdict(part: dict[str, Any]) -> Markup:
    if part["value"] < part["bar"]:
        return element("span", "below", class_="bad")
    return element("span", "aim reached" if part["value"] >= part["aim"] else "reached", class_="good")


def _masks(metrics: dict[str, Any]) -> list[Markup]:
    columns = [
        (f"{target}s, {way}", metrics["targets"][target][key])
        for target in ("object", "region")
        for key, way in (("gated", "as answered"), ("ungated", "without the gate"))
    ]
    rows = [
        ["sentences", *(str(part["count"]) for _, part in columns)],
        ["mean IoU", *(_number(part["mean_iou"]) for _, part in columns)],
        ["overall IoU", *(_number(part["overall_iou"]) for _, part in columns)],
        *(
            [f"P@{level}", *(_number(part["precision_at"][level]) for _, part in columns)]
            for level in columns[0][1]["precision_at"]
        ),
        ["mean Boundary IoU", *(_number(part["mean_boundary_iou"]) for _, part in columns)],
        *(
            [
                f"recall@{k}" + (" (pointing game)" if k == "1" else ""),
                *(_number(part["recall_at"][k]) for _, part in columns),
            ]
            for k in columns[0][1]["recall_at"]
        ),
        *([label, *(_number(part.get(key)) for _, part in columns)] for key, label in _PLACES.items()),
    ]
    robust, generalized = metrics["robust"], metrics["generalized"]
    return [
        element(
            "p",
            "As answered, an existence below its threshold empties the mask and points at nothing; without the gate "
            "the mask counts all the same.",
        ),
        table(("", *(name for name, _ in columns)), rows),
        element("h3", "With false sentences"),
        table(
            ("objects", "mean IoU", "mRR", "rIoU", "gIoU", "cIoU", "N-acc", "T-acc"),
            [
                (
                    str(robust["objects"]),
                    *(_number(robust[key]) for key in ("mean_iou", "mean_rejection_rate", "robust_iou")),
                    *(_number(generalized[key]) for key in ("giou", "ciou", "no_target_accuracy", "target_accuracy")),
                )
            ],
        ),
        element("h3", "How good are the masks?"),
        element(
            "div",
            *(
                chart(
                    f"{target.capitalize()}s",
                    histogram_chart(f"IoU of {target}s", metrics["targets"][target]["iou_histogram"]),
                )
                for target in ("object", "region")
            ),
            class_="charts",
        ),
    ]


def _existence(metrics: dict[str, Any]) -> list[Markup]:
    existence = metrics["existence"]
    points = {name: point for name, point in existence["operating_points"].items() if point is not None}
    goal = (HEADLINES["positives_kept"].bar or 0.0, HEADLINES["negatives_rejected"].bar or 0.0)
    guessed = {name: share for name, share in metrics["auto_target"].items() if share is not None}
    return [
        element(
            "div",
            chart(
                "Reliability",
                reliability_chart(existence["bins"]),
                "On the dashed line, what is said with 70 % is true in 70 % of the cases. Expected calibration error "
                f"{existence['expected_calibration_error']:.3f}.",
            ),
            chart(
                "Other thresholds",
                kept_rejected_chart(
                    existence["curve"], {name.replace("_", " "): point for name, point in points.items()}, goal
                ),
                "Each point is a threshold; the box is what has to be reached. Thresholds chosen on these very "
                "sentences flatter themselves.",
            ),
            class_="charts",
        ),
        element("h3", "Operating points"),
        table(
            ("", "threshold", "kept", "rejected"),
            [
                (name.replace("_", " "), _goal(p["threshold"]), _number(p["kept"]), _number(p["rejected"]))
                for name, p in points.items()
            ],
        ),
        element(
            "p",
            "Left to the pipeline, the target is guessed rightly for "
            + ", ".join(f"{share:.1%} of what means {name}s" for name, share in guessed.items())
            + ".",
        ),
    ]


def _slices(metrics: dict[str, Any]) -> list[Markup]:
    parts = []
    head = (
        "",
        "sentences",
        "there",
        "mean IoU",
        "95 %",
        "ungated",
        "P@0.5",
        "pointing",
        "95 %",
        "unseen",
        "existence right",
    )
    for name, targets in metrics["slices"].items():
        rows = [
            (
                f"{target}: {key}",
                str(part["count"]),
                str(part["there"]),
                _number(part["mean_iou"]["value"]),
                _range(part["mean_iou"]),
                _number(part["mean_iou_ungated"]),
                _number(part["precision_at_0.5"]),
                _number(part["pointing"]["value"]),
                _range(part["pointing"]),
                _number(part["prior_pointing"]),
                _number(part["existence_right"]),
            )
            for target, slices in targets.items()
            for key, part in slices.items()
        ]
        parts += [element("h3", _SLICE_TITLES[name]), table(head, rows)]
    parts.append(
        element("p", "Unseen: the pointing game of one who points at the road ahead without looking.", class_="soft")
    )
    return parts


def _semantic(metrics: dict[str, Any]) -> list[Markup]:
    semantic = metrics["semantic"]
    if not semantic["iou"]:
        return [element("p", "The source labels no classes.")]
    rows = [
        (
            name if name in semantic["in_mean"] else f"{name} (labelled on some images only, not in the mean)",
            semantic["words"][name],
            _number(iou),
            meter(iou),
        )
        for name, iou in sorted(semantic["iou"].items(), key=lambda item: -item[1])
    ]
    return [table(("class", "asked as", "IoU", ""), rows)]


def _pictures(gallery: Gallery) -> list[Markup]:
    parts = [
        element(
            "p",
            "White outline: the truth. Filled, orange for an object and green for a region: the prediction, a dot on "
            "its most probable pixel. At most one answer of an image on each shelf.",
        )
    ]
    for name in SHELVES:
        shelf = gallery.shelf(name)
        if shelf:
            parts += [
                element("h3", _SHELF_TITLES[name]),
                element("div", *(_exhibit(exhibit) for exhibit in shelf), class_="gallery"),
            ]
    return parts


def _exhibit(exhibit: Exhibit) -> Markup:
    scored = exhibit.score
    iou = "" if scored.match is None else f"IoU {scored.match.overlap.iou:.2f}, "
    return picture(
        exhibit.jpeg(),
        scored.text,
        element("q", scored.text),
        join(f"{iou}existence {scored.existence:.2f}"),
        element("small", f"{scored.kind}, {scored.image_id}"),
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _goal(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _range(part: dict[str, Any]) -> str:
    return "" if part["low"] is None else f"{part['low']:.3f} to {part['high']:.3f}"
