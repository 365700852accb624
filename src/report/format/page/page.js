"use strict";
{
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const themes = ["automatic", "light", "dark"];
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(root.dataset.theme ?? "automatic") + 1) % themes.length];
    if (next === "automatic") delete root.dataset.theme;
    else root.dataset.theme = next;
    button.textContent = "Theme: " + next;
  });

  const confusions = document.getElementById("confusions");
  for (const choice of document.querySelectorAll("input[name=confusion]")) {
    choice.addEventListener("change", () =>
      confusions.classList.toggle("shares", choice.value === "shares"));
  }

  // Claims are shown by their verdicts, where any is chosen, and by what is searched for.
  for (const list of document.querySelectorAll(".claims")) {
    const section = list.closest("section");
    const filter = section.querySelector(".filter");
    const verdicts = [...filter.querySelectorAll("button")];
    const search = filter.querySelector("input");
    const claims = [...list.children];
    const pressed = (verdict) => verdict.getAttribute("aria-pressed") === "true";
    const apply = () => {
      const chosen = verdicts.filter(pressed).map((verdict) => verdict.value);
      const words = search.value.trim().toLowerCase();
      for (const claim of claims) {
        const hasVerdict = chosen.length === 0 || chosen.includes(claim.dataset.verdict);
        claim.hidden = !hasVerdict || !claim.textContent.toLowerCase().includes(words);
      }
      const shown = claims.filter((claim) => !claim.hidden).length;
      filter.querySelector("[role=status]").textContent = `${shown} of ${claims.length} claims shown`;
    };
    for (const verdict of verdicts) {
      verdict.addEventListener("click", () => {
        verdict.setAttribute("aria-pressed", !pressed(verdict));
        apply();
      });
    }
    for (const count of section.querySelectorAll(".counts a")) {
      count.addEventListener("click", () => {
        for (const verdict of verdicts) {
          verdict.setAttribute("aria-pressed", verdict.value === count.dataset.verdict);
        }
        search.value = "";
        apply();
      });
    }
    search.addEventListener("input", apply);
    filter.hidden = false;
    apply();
  }
  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target?.matches(".claims > li")) target.firstElementChild.open = true;
  };
  window.addEventListener("hashchange", openTarget);
  openTarget();

  // A cell is read out when it is pointed at, tapped, or reached by the arrow keys.
  for (const matrix of document.querySelectorAll(".confusion")) {
    const readout = matrix.closest("figure").querySelector(".readout");
    const classes = Number(matrix.dataset.classes);
    let at = null;
    const show = (cell) => {
      at?.classList.remove("at");
      at = cell;
      at.classList.add("at");
      readout.textContent = at.querySelector("title").textContent;
    };
    // The next cell in a direction, at the edge the same one: a large matrix has gaps.
    const next = (cell, [down, right]) => {
      let row = Number(cell.dataset.row) + down;
      let column = Number(cell.dataset.column) + right;
      for (; Math.min(row, column) >= 0 && Math.max(row, column) < classes; row += down, column += right) {
        const found = matrix.querySelector(`[data-row="${row}"][data-column="${column}"]`);
        if (found) return found;
      }
      return cell;
    };
    for (const event of ["pointerover", "click"]) {
      matrix.addEventListener(event, (e) => {
        const cell = e.target.closest(".cell");
        if (cell) show(cell);
      });
    }
    matrix.addEventListener("keydown", (e) => {
      const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const move = moves[e.key];
      if (!move || classes === 0) return;
      e.preventDefault();
      show(at === null ? matrix.querySelector(".cell") : next(at, move));
    });
  }
}
