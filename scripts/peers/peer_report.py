"""What follows from the runs of scripts/bench_peers: statistics, the table, the two files."""

import json
import statistics


def summary_of(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "n": len(values)} if values else None  # fmt: skip


def summarize(row, native):
    """Adds to a row what follows from its runs; `native` is the row that it is compared with."""
    medians = {run["round"]: statistics.median(run["seconds"]) for run in row["runs"]}
    natives = {run["round"]: statistics.median(run["seconds"]) for run in native["runs"]}
    row["seconds_per_epoch"] = summary_of([s for run in row["runs"] for s in run["seconds"]])
    row["ratios_to_native"] = [medians[r] / natives[r] for r in medians if r in natives]
    row["ratio_to_native"] = summary_of(row["ratios_to_native"])
    compiled = [run["compile_seconds"] for run in row["runs"]]
    row["compile_seconds"] = None if None in compiled else summary_of(compiled)
    row["accuracy"] = summary_of([run["accuracy"] for run in row["runs"]])


def shown(values, digits, factor=1):
    """The median, and how far the values reach."""
    if not values:
        return "–"
    middle, least, most = (f"{factor * values[key]:.{digits}f}" for key in ("median", "min", "max"))
    return middle if values["n"] == 1 else f"{middle} ({least} to {most})"


def markdown(record):
    """The record as a table in Markdown, with what one must know to read it."""
    machine, settings = record["machine"], record["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record["versions"].items()))
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores; {versions}. Rounds: {settings['rounds']}; "
        + "epochs a run: " + ", ".join(f"{m.upper()} {settings['epochs'][m]}"
                                       for m in settings["models"]) + ".",
        "",
        "| model | threads | trained by | s/epoch | n | time / native's | compilation [s] | accuracy [%] |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in record["results"]:
        seconds = row["seconds_per_epoch"]
        cells = [shown(seconds, 3), str(seconds["n"] if seconds else 0)]
        if row["status"] != "completed":
            said = ": ".join(filter(None, (row["status"], row["reason"]))).replace("|", "\\|")
            cells[0] = f"{cells[0]}; {said}" if seconds else said
        cells += [shown(row["ratio_to_native"], 2), shown(row["compile_seconds"], 1),
                  shown(row["accuracy"], 2, 100)]  # fmt: skip
        cells = [row["model"].upper(), str(row["threads"]), row["title"], *cells]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Medians (least to greatest); s/epoch: of all n epochs; time / native's: of the "
              "ratios of the rounds' medians."]  # fmt: skip
    return "\n".join(lines) + "\n"


def write(folder, record):
    """Both files, each whole at any moment."""
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    for name, content in (("peers.json", text), ("peers.md", markdown(record))):
        temporary = folder / f".{name}"
        temporary.write_text(content, encoding="utf-8")
        temporary.replace(folder / name)
