/**
 * A subsecond-offset heat map: a column a second, upwards the offset within it, the stronger the colour the more samples.
 * A range of time is dragged with the mouse, or made with arrows and Shift. The source text of this function is put
 * into the page: it must stand alone.
 *
 * @param host element that scrolls sideways; gets focus
 * @param options text, time: the timeline; ink(): colours; choose(range or null): told the slices; tip(lines, x, y)
 */
export function heatView(host, options) {
  const { text, time } = options;
  const AXIS = 54;
  const BOTTOM = 24;
  const TOP = 6;
  const seconds = Math.max(1, Math.ceil(time.slices * time.sliceMs / 1000));
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  const pen = canvas.getContext("2d");
  const space = document.createElement("div");
  space.className = "space";
  space.append(canvas);
  const cells = [0, 1].map((k) => {
    const cell = document.createElement("div");
    cell.id = `${host.id}-cell-${k}`;
    cell.className = "unseen";
    cell.setAttribute("role", "gridcell");
    return cell;
  });
  const line = document.createElement("div");
  line.setAttribute("role", "row");
  line.className = "unseen";
  line.append(...cells);
  host.append(space, line);
  host.setAttribute("role", "grid");
  host.setAttribute("aria-colcount", String(seconds));
  host.tabIndex = 0;

  let slices = new Float64Array(time.slices);
  let bucketMs = Math.max(20, time.sliceMs);
  let rows = Math.round(1000 / bucketMs);
  let counts = new Float64Array(seconds * rows);
  let most = 0;
  let columnWidth = 10;
  let rowHeight = 8;
  /** Cells as numbers, second × rows + row; both ends of the selection are in it. */
  let anchor = -1;
  let head = 0;
  let active = 0;
  let dragging = false;
  let wanted = 0;

  function recount() {
    rows = Math.round(1000 / bucketMs);
    counts = new Float64Array(seconds * rows);
    const per = bucketMs / time.sliceMs;
    for (let s = 0; s < slices.length; s++) if (slices[s] > 0) counts[Math.floor(s / per)] += slices[s];
    most = counts.reduce((a, b) => Math.max(a, b), 0);
    host.setAttribute("aria-rowcount", String(rows));
    fit();
  }

  function fit() {
    const w = host.clientWidth;
    const h = host.clientHeight;
    if (w < 1 || h < 1) return;
    columnWidth = Math.max(4, Math.min(28, (w - AXIS - 8) / seconds));
    rowHeight = Math.max(3, Math.min(20, (h - BOTTOM - TOP) / rows));
    space.style.width = Math.floor(AXIS + 8 + columnWidth * seconds) + "px";
    space.style.height = Math.floor(TOP + rowHeight * rows + BOTTOM) - 1 + "px";
    ask();
  }

  function ask() {
    if (wanted === 0) wanted = requestAnimationFrame(draw);
  }

  const range = () => anchor < 0 ? null : { low: Math.min(anchor, head), high: Math.max(anchor, head) };

  function draw() {
    wanted = 0;
    const w = host.clientWidth;
    const h = Math.ceil(TOP + rowHeight * rows + BOTTOM);
    if (w < 1) return;
    const dots = globalThis.devicePixelRatio || 1;
    canvas.width = Math.round(w * dots);
    canvas.height = Math.round(h * dots);
    canvas.style.width = w + "px";
    canvas.style.height = h + "px";
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, w, h);
    const ink = options.ink();
    const left = host.scrollLeft;
    const first = Math.max(0, Math.floor((left - AXIS) / columnWidth));
    const last = Math.min(seconds - 1, Math.ceil((left + w - AXIS) / columnWidth));
    const chosen = range();
    const bottom = TOP + rowHeight * rows;
    const gap = rowHeight >= 5 && columnWidth >= 6 ? 1 : 0;
    pen.save();
    pen.beginPath();
    pen.rect(AXIS, 0, w - AXIS, h);
    pen.clip();
    for (let s = first; s <= last; s++) {
      const x = Math.round(AXIS + s * columnWidth - left);
      const next = Math.round(AXIS + (s + 1) * columnWidth - left);
      for (let r = 0; r < rows; r++) {
        const cell = s * rows + r;
        const n = counts[cell];
        const within = !chosen || (cell >= chosen.low && cell <= chosen.high);
        pen.globalAlpha = within ? 1 : 0.35;
        // The steps are even in the logarithm, so that a single sample beside hundreds is seen.
        const level = n === 0 ? 0 : 1 + Math.round(8 * Math.log1p(n - 1) / Math.log1p(Math.max(1, most - 1)));
        pen.fillStyle = n === 0 ? ink.none : ink.heat[Math.min(8, level - 1)];
        const y = Math.round(bottom - (r + 1) * rowHeight);
        pen.fillRect(x, y, next - x - gap, Math.round(bottom - r * rowHeight) - y - gap);
      }
    }
    pen.globalAlpha = 1;
    if (document.activeElement === host || chosen) outline(head, left, bottom, ink);
    pen.restore();
    axes(first, last, left, bottom, w, ink);
  }

  function outline(cell, left, bottom, ink) {
    const x = AXIS + Math.floor(cell / rows) * columnWidth - left;
    pen.strokeStyle = ink.line;
    pen.lineWidth = 2;
    pen.strokeRect(x, bottom - (cell % rows + 1) * rowHeight, columnWidth, rowHeight);
  }

  function axes(first, last, left, bottom, w, ink) {
    pen.fillStyle = ink.soft;
    pen.font = "11px system-ui,sans-serif";
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (const ms of [0, 250, 500, 750, 1000]) {
      pen.fillText(
        ms === 1000 ? "1 s" : ms === 0 ? "0" : `${ms} ms`,
        AXIS - 6,
        Math.max(6, bottom - ms / 1000 * rowHeight * rows),
      );
    }
    pen.textAlign = "center";
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((n) => n * columnWidth >= 52) ?? 3600;
    for (let s = Math.ceil(first / step) * step; s <= last; s += step) {
      const x = AXIS + (s + 0.5) * columnWidth - left;
      if (x > AXIS - 2 && x < w - 12) pen.fillText(`${s} s`, x, bottom + 13);
    }
    pen.textAlign = "left";
  }

  function cellAt(event) {
    const at = canvas.getBoundingClientRect();
    const s = Math.floor((event.clientX - at.left - AXIS + host.scrollLeft) / columnWidth);
    const r = Math.floor((TOP + rowHeight * rows - (event.clientY - at.top)) / rowHeight);
    return Math.max(0, Math.min(seconds - 1, s)) * rows + Math.max(0, Math.min(rows - 1, r));
  }

  /** `12.340 s – 12.360 s` of the cells of a range. */
  function spanText(low, high) {
    return text.fill("heat_span", { from: text.seconds(low * bucketMs), to: text.seconds((high + 1) * bucketMs) });
  }

  function say() {
    const cell = cells[active = 1 - active];
    const chosen = range();
    let n = counts[head];
    if (chosen) { for (let c = chosen.low, sum = 0; c <= chosen.high; c++) n = sum += counts[c]; }
    const where = chosen ? spanText(chosen.low, chosen.high) : spanText(head, head);
    cell.setAttribute("aria-label", text.fill("heat_cell", { span: where, n: text.number(n) }));
    cell.setAttribute("aria-colindex", String(Math.floor(head / rows) + 1));
    cell.setAttribute("aria-selected", String(chosen !== null));
    host.setAttribute("aria-activedescendant", cell.id);
    const x = AXIS + Math.floor(head / rows) * columnWidth;
    if (x < host.scrollLeft + AXIS) host.scrollLeft = x - AXIS;
    else if (x + columnWidth > host.scrollLeft + host.clientWidth) host.scrollLeft = x + columnWidth - host.clientWidth;
    ask();
  }

  function tell() {
    const chosen = range();
    if (!chosen) return options.choose(null);
    const per = bucketMs / time.sliceMs;
    options.choose({ from: Math.floor(chosen.low * per), to: Math.ceil((chosen.high + 1) * per) });
  }

  host.addEventListener("scroll", ask);
  host.addEventListener("focus", ask);
  host.addEventListener("blur", ask);
  host.addEventListener("mousedown", (event) => {
    if (event.button !== 0) return;
    anchor = head = cellAt(event);
    dragging = true;
    ask();
  });
  addEventListener("mousemove", (event) => {
    if (dragging) {
      head = cellAt(event);
      ask();
    }
  });
  addEventListener("mouseup", () => {
    if (!dragging) return;
    dragging = false;
    say();
    tell();
  });
  host.addEventListener("mousemove", (event) => {
    const cell = cellAt(event);
    const lines = [spanText(cell, cell), text.fill("heat_samples", { n: text.number(counts[cell]) })];
    if (time.startMs !== null) lines.push(new Date(time.startMs + cell * bucketMs).toISOString());
    options.tip(lines, event.clientX, event.clientY);
  });
  host.addEventListener("mouseleave", () => options.tip(null));
  host.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = {
      ArrowUp: 1,
      ArrowDown: -1,
      ArrowRight: rows,
      ArrowLeft: -rows,
      Home: -counts.length,
      End: counts.length,
    };
    if (event.key in steps) {
      event.preventDefault();
      if (event.shiftKey && anchor < 0) anchor = head;
      if (!event.shiftKey) anchor = -1;
      const to = head + steps[event.key];
      head = Math.max(0, Math.min(counts.length - 1, to));
      say();
      if (event.shiftKey) tell();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (anchor < 0) anchor = head;
      say();
      tell();
    } else if (event.key === "Escape" && anchor >= 0) {
      event.stopPropagation();
      anchor = -1;
      say();
      tell();
    }
  });
  new ResizeObserver(fit).observe(host);

  return {
    host,
    draw: ask,
    drawNow: draw,
    show(next) {
      slices = next;
      recount();
    },
    bucket(ms) {
      const before = bucketMs;
      bucketMs = ms;
      head = Math.floor(head * before / ms);
      if (anchor >= 0) anchor = Math.floor(anchor * before / ms);
      recount();
    },
    /** Shows a range that was chosen elsewhere; null for none. */
    range(next) {
      const per = bucketMs / time.sliceMs;
      anchor = next ? Math.floor(next.from / per) : -1;
      if (next) head = Math.max(anchor, Math.ceil(next.to / per) - 1);
      ask();
    },
  };
}
