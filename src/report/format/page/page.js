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
