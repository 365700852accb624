"""What follows from the runs of scripts/bench_peers: statistics, the table, the two files."""

import json
import statistics


def summary_of(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "n": len(values)} if values else None  # fmt: skip


def summarize_training(row, native):
    """Adds to a row what follows from its runs; `native` is the row that it is compared with."""
    medians = {run["round"]: statistics.median(run["seconds"]) for run in row["runs"]}
    natives = {run["round"]: statistics.median(run["seconds"]) for run in native["runs"]}
    row["seconds_per_epoch"] = summary_of([s for run in row["runs"] for s in run["seconds"]])
    row["ratios_to_native"] = [medians[r] / natives[r] for r in medians if r in natives]
    row["ratio_to_native"] = summary_of(row["ratios_to_native"])
    compiled = [run["compile_seconds"] for run in row["runs"]]
    row["compile_seconds"] = None if None in compiled else summary_of(compiled)
    row["accuracy"] = summary_of([run["accuracy"] for run in row["runs"]])


def summarize_inference(row, native):
    """The same of timed calls: over the rounds."""
    for key in ("p50_us", "p90_us", "p99_us", "images_per_second"):
        row[key] = summary_of([run[key] for run in row["runs"]])
    natives = {run["round"]: run["p50_us"] for run in native["runs"]}
    row["ratios_to_native"] = [run["p50_us"] / natives[run["round"]] for run in row["runs"]
                               if run["round"] in natives]  # fmt: skip
    row["ratio_to_native"] = summary_of(row["ratios_to_native"])
    row["calls"] = sum(run["calls"] for run in row["runs"])


def shown(values, digits, factor=1):
    """The median, and how far the values reach."""
    if not values:
        return "–"
    middle, least, most = (f"{factor * values[key]:,.{digits}f}" for key in ("median", "min", "max"))
    return middle if values["n"] == 1 else f"{middle} ({least} to {most})"


def conditions(record):
    """What one must know to read a table."""
    machine, settings = record["machine"], record["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record["versions"].items()))
    return (f"{machine['cpu']}, {machine['cores']} cores; {versions}. Rounds: {settings['rounds']}; "
            + "epochs a run: " + ", ".join(f"{m.upper()} {settings['epochs'][m]}"
                                           for m in settings["models"]) + ".")  # fmt: skip


def with_failure(cell, row):
    """The first cell of numbers, and what kept the row from more."""
    if row["status"] == "completed":
        return cell
    said = ": ".join(filter(None, (row["status"], row["reason"]))).replace("|", "\\|")
    return f"{cell}; {said}" if row["runs"] else said


def training_table(record):
    """The record as a table in Markdown."""
    lines = [
        conditions(record),
        "",
        "| model | threads | trained by | s/epoch | n | time / native's | compilation [s] | accuracy [%] |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in record["results"]:
        seconds = row["seconds_per_epoch"]
        cells = [with_failure(shown(seconds, 3), row), str(seconds["n"] if seconds else 0)]
        cells += [shown(row["ratio_to_native"], 2), shown(row["compile_seconds"], 1),
                  shown(row["accuracy"], 2, 100)]  # fmt: skip
        cells = [row["model"].upper(), str(row["threads"]), row["title"], *cells]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Medians (least to greatest); s/epoch: of all n epochs; time / native's: of the "
              "ratios of the rounds' medians."]  # fmt: skip
    return "\n".join(lines) + "\n"


def inference_table(record):
    """The same of timed calls."""
    lines = [
        conditions(record),
        "",
        "| model | batch | threads | computed by | p50 [µs] | p90 [µs] | p99 [µs] | images/s | calls | p50 / native's |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in record["results"]:
        cells = [row["model"].upper(), str(row["batch"]), str(row["threads"]), row["title"],
                 with_failure(shown(row["p50_us"], 1), row), shown(row["p90_us"], 1),
                 shown(row["p99_us"], 1), shown(row["images_per_second"], 0), f"{row['calls']:,}",
                 shown(row["ratio_to_native"], 2)]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Medians of the rounds (least to greatest); microseconds of a call, from bytes in "
              "memory; warm-up is not in them."]  # fmt: skip
    return "\n".join(lines) + "\n"


def write(folder, stem, record, table):
    """Both files, each whole at any moment."""
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    for name, content in ((f"{stem}.json", text), (f"{stem}.md", table)):
        temporary = folder / f".{name}"
        temporary.write_text(content, encoding="utf-8")
        temporary.replace(folder / name)
