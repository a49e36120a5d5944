// Adds to the page what it can be read without: tables that sort, and a filter above long ones.
"use strict";
const LONG = 20;
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const written = [...body.rows];
  const value = (row, place) => {
    const cell = row.cells[place];
    return "value" in cell.dataset ? Number(cell.dataset.value.replace("inf", "Infinity")) : cell.textContent.trim();
  };
  const compare = (one, other) =>
    typeof one === "number" && typeof other === "number" ? one - other || 0
      : typeof one === "number" ? -1 : typeof other === "number" ? 1 : one.localeCompare(other, "en", { numeric: true });
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = [...written].sort((a, b) => (down ? -1 : 1) * compare(value(a, place), value(b, place)));
      body.append(...sorted);
    });
  });
  if (written.length >= LONG) {
    const filter = document.createElement("input");
    filter.type = "search";
    filter.className = "filter";
    filter.placeholder = "Filter rows";
    filter.setAttribute("aria-label", "Filter rows: " + (table.caption ? table.caption.textContent : table.id));
    filter.addEventListener("input", () => {
      const wanted = filter.value.toLowerCase();
      for (const row of written) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    table.parentElement.before(filter);
  }
}
