"""What scripts/check_gpu found, as Markdown and JSON."""

import json


def cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")


def conclusion(report):
    failed = sum(row["verdict"] == "FAILED" for row in report["checks"])
    if failed:
        return f"{failed} of {len(report['checks'])} checks failed."
    if report["device"] == "cpu":
        return "No check failed. This was the CPU: nothing is said about CUDA."
    if report["quick"]:
        return "No check failed, on few images: that CUDA works is shown, not how well."
    return "All checks passed: CUDA works on this machine."


def as_markdown(report):
    minutes, seconds = divmod(round(report["seconds"]), 60)
    lines = [
        f"# check_gpu on {report['device']}{', --quick' if report['quick'] else ''}",
        "",
        f"{report['started_at']}, {minutes} min {seconds} s. {conclusion(report)}",
        "",
    ]
    lines += [f"- {cell(key)}: {cell(value)}" for key, value in report["machine"].items()]
    lines += ["", "| check | model | wanted | found | |", "|---|---|---|---|---|"]
    lines += [
        "| " + " | ".join(map(cell, (row[key] for key in ("check", "model", "wanted", "found", "verdict")))) + " |"
        for row in report["checks"]
    ]
    return "\n".join(lines) + "\n"


def write(folder, report):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "check_gpu.md").write_text(as_markdown(report), encoding="utf-8")
    text = json.dumps(report, indent=2, ensure_ascii=False)
    (folder / "check_gpu.json").write_text(text + "\n", encoding="utf-8")
