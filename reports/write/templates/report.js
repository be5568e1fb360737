"use strict";
(function () {
  const form = document.querySelector(".filters");
  const shown = document.getElementById("shown");
  const rows = Array.from(document.querySelectorAll("main tbody tr"));

  function key(row, column) {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
  }

  function values(row, name) {
    const told = row.dataset[name].toLowerCase();
    return name === "verdict" ? told.split("|") : [told];
  }

  function order(a, b) {
    if (typeof a === typeof b) {
      return typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
    }
    return typeof a === "number" ? -1 : 1;
  }

  function sort(head, column) {
    const down = head.getAttribute("aria-sort") === "ascending";
    const body = head.closest("table").tBodies[0];
    const sorted = Array.from(body.rows).sort((a, b) => order(key(a, column), key(b, column)));
    if (down) { sorted.reverse(); }
    for (const other of head.parentNode.cells) { other.removeAttribute("aria-sort"); }
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...sorted);
  }

  function filter() {
    const wanted = Array.from(form.querySelectorAll("[data-filter]"), (field) =>
      [field.dataset.filter, field.value.trim().toLowerCase()]).filter((pair) => pair[1]);
    let count = 0;
    for (const row of rows) {
      const fits = wanted.every(([name, value]) => name === "text"
        ? row.textContent.toLowerCase().includes(value)
        : row.dataset[name] === "" || values(row, name).includes(value));
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = wanted.length ? count + " of " + rows.length + " rows" : "";
  }

  for (const table of document.querySelectorAll("main table")) {
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent || "name";
      button.title = "Sort by this column";
      button.addEventListener("click", () => sort(head, column));
      head.replaceChildren(button);
    });
  }
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
}());
