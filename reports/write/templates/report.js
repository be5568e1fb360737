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

  // Folds the columns that are least needed until a table fits; one that still doesn't becomes cards.
  function fit(table) {
    const room = table.closest(".scroll");
    const heads = Array.from(table.tHead.rows[0].cells);
    const columns = (head) => Array.from(table.rows, (row) => row.cells[heads.indexOf(head)]);
    const show = (head, shown) => columns(head).forEach((cell) => cell.classList.toggle("folded", !shown));
    const folding = heads.filter((head) => head.dataset.fold)
      .sort((a, b) => Number(a.dataset.fold) - Number(b.dataset.fold));
    const wide = () => room.scrollWidth > room.clientWidth + 1;
    const more = room.nextElementSibling;
    const all = more.getAttribute("aria-expanded") === "true";
    table.classList.remove("cards");
    folding.forEach((head) => show(head, true));
    const folded = all ? [] : folding.filter((head) => wide() && (show(head, false), true));
    if (wide() && room.clientWidth < 640) { table.classList.add("cards"); }
    const names = Array.from(new Set(folded.map((head) => head.dataset.name)));
    more.textContent = all ? "Fewer columns" : "More columns: " + names.join(", ");
    more.hidden = !all && !folded.length;
  }

  function fitAll() {
    for (const table of document.querySelectorAll("main table")) {
      if (table.offsetParent !== null) { fit(table); }
    }
  }

  for (const table of document.querySelectorAll("main table")) {
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent || "name";
      button.title = "Sort by this column";
      button.addEventListener("click", () => sort(head, column));
      head.dataset.name = head.textContent;
      for (const row of table.tBodies[0].rows) {
        const cell = row.cells[column];
        if (head.textContent) { cell.dataset.label = head.textContent; }
        cell.classList.toggle("empty", cell.textContent.trim() === "–");
      }
      head.replaceChildren(button);
    });
    const more = document.createElement("button");
    more.type = "button";
    more.className = "more";
    more.hidden = true;
    more.setAttribute("aria-expanded", "false");
    more.addEventListener("click", () => {
      more.setAttribute("aria-expanded", String(more.getAttribute("aria-expanded") !== "true"));
      fit(table);
    });
    table.closest(".scroll").after(more);
    const details = table.closest("details");
    if (details) { details.addEventListener("toggle", () => { if (details.open) { fit(table); } }); }
  }
  let width = 0;
  new ResizeObserver(() => {
    if (document.body.clientWidth !== width) {
      width = document.body.clientWidth;
      fitAll();
    }
  }).observe(document.body);
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
}());
