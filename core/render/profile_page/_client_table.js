/**
 * A table of any length: only the rows in sight are there. Sorted by a click on a head; a row is chosen by click or
 * Enter. The source text of this function is put into the page: it must stand alone.
 *
 * @param host element that gets the table
 * @param options label; columns: {key, title, numeric, value(row), text(row), look(row), bar(row)}; choose(row); sort;
 *   empty: text
 */
export function tableView(host, options) {
  const ROW = 26;
  const { columns } = options;
  const make = (tag, name, parent) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    parent?.append(node);
    return node;
  };
  const grid = make("div", "grid", host);
  grid.setAttribute("role", "grid");
  grid.setAttribute("aria-label", options.label);
  grid.tabIndex = 0;
  const head = make("div", "row head", grid);
  head.setAttribute("role", "row");
  head.setAttribute("aria-rowindex", "1");
  const space = make("div", "space", grid);
  space.setAttribute("role", "rowgroup");
  let rows = [];
  let shown = [];
  let sort = options.sort;
  let down = true;
  let current = 0;
  let test = null;

  const heads = columns.map((column, c) => {
    const cell = make("div", column.numeric ? "n" : "", head);
    cell.setAttribute("role", "columnheader");
    const button = make("button", "", cell);
    button.type = "button";
    button.textContent = column.title;
    if (column.hint) button.title = column.hint;
    button.addEventListener("click", () => {
      down = sort === column.key ? !down : column.numeric;
      sort = column.key;
      order();
    });
    cell.dataset.column = String(c);
    return cell;
  });

  function order() {
    const column = columns.find((c) => c.key === sort);
    heads.forEach((cell, c) => {
      const own = columns[c].key === sort;
      cell.setAttribute("aria-sort", own ? (down ? "descending" : "ascending") : "none");
    });
    shown = test ? rows.filter(test) : rows.slice();
    const sign = down ? -1 : 1;
    const value = new Map(shown.map((row) => [row, column.value(row)]));
    shown.sort((a, b) => {
      const x = value.get(a);
      const y = value.get(b);
      return x < y ? -sign : x > y ? sign : 0;
    });
    grid.setAttribute("aria-rowcount", String(shown.length + 1));
    space.style.height = Math.max(1, shown.length) * ROW + "px";
    current = Math.min(current, Math.max(0, shown.length - 1));
    grid.scrollTop = 0;
    current = 0;
    draw();
  }

  function draw() {
    const from = Math.max(0, Math.floor(grid.scrollTop / ROW) - 2);
    const to = Math.min(shown.length, Math.ceil((grid.scrollTop + grid.clientHeight) / ROW) + 2);
    space.textContent = "";
    if (shown.length === 0) make("p", "soft", space).textContent = options.empty;
    for (let r = from; r < to; r++) line(r);
    if (current >= from && current < to) grid.setAttribute("aria-activedescendant", `${host.id}-row-${current}`);
    else grid.removeAttribute("aria-activedescendant");
  }

  function line(r) {
    const row = make("div", "row" + (r === current ? " current" : ""), space);
    row.id = `${host.id}-row-${r}`;
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", String(r + 2));
    row.setAttribute("aria-selected", String(r === current));
    row.style.transform = `translateY(${r * ROW}px)`;
    row.dataset.row = String(r);
    for (const column of columns) {
      const cell = make("div", (column.numeric ? "n " : "name ") + (column.look?.(shown[r]) ?? ""), row);
      cell.setAttribute("role", "gridcell");
      const words = column.text(shown[r]);
      if (column.bar) {
        const bar = make("i", "", cell);
        bar.style.width = (Math.min(1, Math.abs(column.bar(shown[r]))) * 100).toFixed(1) + "%";
      }
      make("span", "", cell).textContent = words;
      if (!column.numeric) {
        cell.title = words;
        const more = column.note?.(shown[r]);
        // The space is read, not seen: without it a screen reader says one word.
        if (more) {
          cell.append(" ");
          make("small", "", cell).textContent = more;
        }
      }
    }
  }

  function go(r) {
    current = Math.max(0, Math.min(shown.length - 1, r));
    const room = grid.clientHeight - ROW;
    if (current * ROW < grid.scrollTop) grid.scrollTop = current * ROW;
    else if ((current + 1) * ROW > grid.scrollTop + room) grid.scrollTop = (current + 1) * ROW - room;
    draw();
  }

  grid.addEventListener("scroll", draw);
  space.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest(".row") : null;
    if (!row) return;
    go(Number(row.dataset.row));
    options.choose(shown[current]);
  });
  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(grid.clientHeight / ROW) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -shown.length, End: shown.length };
    if (event.key in steps) {
      event.preventDefault();
      go(current + steps[event.key]);
    } else if ((event.key === "Enter" || event.key === " ") && shown[current]) {
      event.preventDefault();
      options.choose(shown[current]);
    }
  });
  new ResizeObserver(draw).observe(grid);

  return {
    grid,
    show(next) {
      rows = next;
      order();
    },
    filter(next) {
      test = next;
      order();
    },
    get shown() {
      return shown;
    },
  };
}
