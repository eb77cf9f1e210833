/**
 * What makes a flame graph interactive. The source text of this function is put into the page: it must stand alone (no
 * imports, no names from outside) and sets no inline styles, so that a content security policy can forbid them.
 */
export function flameClient() {
  const NS = "http://www.w3.org/2000/svg";
  for (const svg of document.querySelectorAll("svg.sonde-flame")) start(svg);

  function start(svg) {
    const data = JSON.parse(svg.querySelector("metadata").textContent);
    const { f: frames, n: flat, t: texts, top, row, depth: levels, unit } = data;
    const count = flat.length / 4;
    const alone = document.documentElement === svg;
    const pad = 10;

    // Columns over the tree, parents first: subtree of i is i … end[i] - 1, from[i] its start in units of value.
    const frameOf = new Int32Array(count);
    const depth = new Int32Array(count);
    const total = new Float64Array(count);
    const self = new Float64Array(count);
    const from = new Float64Array(count);
    const end = new Int32Array(count).fill(count);
    const parent = new Int32Array(count).fill(-1);
    const path = [];
    const filled = [];
    for (let i = 0; i < count; i++) {
      frameOf[i] = flat[i * 4];
      depth[i] = flat[i * 4 + 1];
      total[i] = flat[i * 4 + 2];
      self[i] = flat[i * 4 + 3];
      while (path.length > depth[i]) {
        end[path.pop()] = i;
        filled.pop();
      }
      if (path.length > 0) {
        parent[i] = path[path.length - 1];
        from[i] = filled[filled.length - 1];
        filled[filled.length - 1] += total[i];
      }
      path.push(i);
      filled.push(from[i]);
    }

    let width = 0;
    let zoom = 0;
    let current = 0;
    let pattern = "";
    /** For each frame 1 when the search matches its name; null without a search. */
    let hits = null;
    const shown = new Map();

    const make = (name, attributes, parentNode) => {
      const node = document.createElementNS(NS, name);
      for (const key in attributes) node.setAttribute(key, attributes[key]);
      if (parentNode) parentNode.appendChild(node);
      return node;
    };
    const find = (selector) => svg.querySelector(selector);
    const area = find(".frames");
    const title = find(".title");
    const subtitle = find(".subtitle");
    const tools = make("g", { class: "tools" }, svg);
    const reset = button(texts.reset, 104);
    const search = button(texts.search, 76);
    const matched = make("text", { class: "matched soft", "text-anchor": "end", y: top - 8, role: "status" }, svg);
    const holder = make("foreignObject", { y: 6, height: 28, visibility: "hidden" }, svg);
    const input = document.createElementNS("http://www.w3.org/1999/xhtml", "input");
    input.setAttribute("type", "text");
    input.setAttribute("placeholder", texts.placeholder);
    input.setAttribute("aria-label", texts.placeholder);
    input.setAttribute("spellcheck", "false");
    holder.appendChild(input);
    const tip = make("g", { class: "tip", visibility: "hidden", "aria-hidden": "true" }, svg);
    svg.removeAttribute("viewBox");
    svg.setAttribute("width", "100%");
    svg.setAttribute("role", "application");
    area.setAttribute("role", "group");

    function button(label, w) {
      const g = make("g", { class: "button", role: "button", tabindex: "0", "aria-label": label }, tools);
      make("rect", { width: w, height: 24, rx: 5 }, g);
      make("text", { x: w / 2, y: 16 }, g).textContent = label;
      return g;
    }

    function number(v) {
      return Math.round(v).toString().replace(/\B(?=(\d{3})+$)/g, ",");
    }

    function scaled(v, base, units) {
      let i = 0;
      while (v >= base - 0.5 && i < units.length - 1) {
        v /= base;
        i++;
      }
      return v.toFixed(Number.isInteger(v) || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2) + " " + units[i];
    }

    function duration(ns) {
      if (ns < 59.995e9) return scaled(ns, 1000, ["ns", "µs", "ms", "s"]);
      const s = Math.round(ns / 1e9);
      const two = (v) => String(v).padStart(2, "0");
      return s < 3600
        ? `${Math.floor(s / 60)}m${two(s % 60)}s`
        : `${Math.floor(s / 3600)}h${two(Math.floor(s % 3600 / 60))}m`;
    }

    function amount(v) {
      if (unit === "ns") return duration(v);
      if (unit === "bytes") return scaled(v, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
      return number(v) + (data.noun ? " " + data.noun : "");
    }

    function percent(part, whole) {
      const p = whole > 0 ? part / whole * 100 : 0;
      return (p === 0 || p >= 99.95 ? p.toFixed(0) : p < 0.01 ? "<0.01" : p.toFixed(p < 1 ? 2 : 1)) + " %";
    }

    function fill(text, values) {
      return text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
    }

    /** Cuts to the columns that fit in some pixels; characters of CJK take two columns. */
    function cut(text, pixels, charWidth) {
      const room = Math.floor(pixels / charWidth);
      if (text.length * 2 <= room) return text;
      let used = 0;
      let at = 0;
      for (const char of text) {
        const w = char.codePointAt(0) >= 0x1100 ? 2 : 1;
        if (used + w > room) return room < 3 ? "" : text.slice(0, Math.max(0, at - 1)) + "…";
        used += w;
        at += char.length;
      }
      return text;
    }

    const yOf = (level) => top + (data.inverted ? level : levels - 1 - level) * row;

    function render() {
      const hadFocus = area.contains(document.activeElement);
      area.textContent = "";
      shown.clear();
      const scale = (width - 2 * pad) / total[zoom];
      for (let a = parent[zoom]; a >= 0; a = parent[a]) draw(a, pad, width - 2 * pad, "up");
      for (let i = zoom; i < end[zoom];) {
        const w = total[i] * scale;
        if (w < data.min && i !== zoom) {
          i = end[i];
          continue;
        }
        draw(i, pad + (from[i] - from[zoom]) * scale, w, "");
        i++;
      }
      if (!shown.has(current)) current = zoom;
      shown.get(current).setAttribute("tabindex", "0");
      if (hadFocus) shown.get(current).focus();
      reset.setAttribute("visibility", zoom === 0 ? "hidden" : "visible");
      layTools();
      hideTip();
    }

    function draw(i, x, w, extra) {
      const name = frames[frameOf[i]][0];
      const look = data.l ? data.looks[data.l[i]] : frames[frameOf[i]][2];
      const hit = isHit(i) ? " hit" : "";
      const g = make("g", {
        class: `f ${look} ${extra}${hit}`,
        tabindex: "-1",
        role: "button",
        "data-i": i,
        "aria-label": `${name}, ${amount(total[i])}, ${percent(total[i], total[0])}`,
      }, area);
      const y = yOf(depth[i]);
      make("rect", {
        x: x.toFixed(2),
        y,
        width: Math.max(w - (w > 3 ? 1 : 0), 0.2).toFixed(2),
        height: row - 1,
        rx: w > 6 ? 2 : 0,
      }, g);
      const label = cut(name, w - 8, data.char);
      if (label) make("text", { x: (x + 4).toFixed(2), y: y + row - 5.5 }, g).textContent = label;
      shown.set(i, g);
    }

    const isHit = (i) => hits !== null && hits[frameOf[i]] === 1;

    function layTools() {
      let right = width - pad;
      const searching = holder.getAttribute("visibility") === "visible";
      const searchWidth = searching ? Math.min(260, Math.max(120, width - 130)) : 76;
      right -= searchWidth;
      holder.setAttribute("x", right);
      holder.setAttribute("width", searchWidth);
      search.setAttribute("transform", `translate(${right},8)`);
      search.setAttribute("visibility", searching ? "hidden" : "visible");
      if (zoom !== 0) right -= 104 + 8;
      reset.setAttribute("transform", `translate(${right},8)`);
      title.textContent = cut(data.title, right - 2 * pad, 9);
      matched.setAttribute("x", width - pad);
      const taken = matched.textContent.length * 6.5;
      subtitle.textContent = cut(data.subtitle, width - 3 * pad - taken, 6.3);
    }

    function zoomTo(i) {
      zoom = i;
      current = i;
      showMatched();
      render();
    }

    /** Value under the zoomed frame that matches, nested matches counted once. */
    function showMatched() {
      if (hits === null) {
        matched.textContent = "";
        return;
      }
      let sum = 0;
      for (let a = zoom; a >= 0; a = parent[a]) if (isHit(a)) sum = total[zoom];
      for (let i = zoom; sum < total[zoom] && i < end[zoom];) {
        if (isHit(i)) {
          sum += total[i];
          i = end[i];
        } else i++;
      }
      matched.textContent = fill(texts.matched, { percent: percent(sum, total[zoom]) });
    }

    function searchFor(text) {
      pattern = text;
      hits = null;
      input.setAttribute("aria-invalid", "false");
      if (text !== "") {
        try {
          // As editors do: capitals make the search mind them.
          const re = new RegExp(text, /[A-Z]/.test(text) ? "" : "i");
          hits = Uint8Array.from(frames, ([name]) => re.test(name) ? 1 : 0);
        } catch {
          // Half-typed expressions are normal: nothing matches until it is one.
          input.setAttribute("aria-invalid", "true");
          hits = new Uint8Array(frames.length);
        }
      }
      for (const [i, g] of shown) g.classList.toggle("hit", isHit(i));
      showMatched();
      layTools();
    }

    function openSearch() {
      holder.setAttribute("visibility", "visible");
      layTools();
      input.focus();
      input.select();
    }

    function closeSearch() {
      input.value = "";
      holder.setAttribute("visibility", "hidden");
      searchFor("");
    }

    function showTip(i, x, y) {
      const [name, where] = frames[frameOf[i]];
      const room = Math.min(width - 2 * pad - 20, 720);
      const lines = [cut(name, room, 7.3)];
      if (where) lines.push(cut(where, room, 6.4));
      let size = `${amount(total[i])} · ${fill(texts.of_all, { percent: percent(total[i], total[0]) })}`;
      if (zoom !== 0 && i >= zoom && i < end[zoom]) {
        size += ` · ${fill(texts.of_zoom, { percent: percent(total[i], total[zoom]) })}`;
      }
      // Widths that are sums of both profiles are no amount of either.
      if (!data.mixed) lines.push(size);
      if (self[i] > 0 && self[i] !== total[i]) {
        lines.push(fill(texts.self, { amount: amount(self[i]), percent: percent(self[i], total[0]) }));
      }
      if (data.d) {
        const [before, after] = [0, 1].map((s) => [data.d[i * 2 + s], percent(data.d[i * 2 + s], data.d[s])]);
        const change = (data.d[i * 2 + 1] / data.d[1] - data.d[i * 2] / data.d[0]) * 100;
        const line = fill(texts.before_after, {
          before: `${amount(before[0])} (${before[1]})`,
          after: `${amount(after[0])} (${after[1]})`,
        });
        const noise = data.looks[data.l[i]] === "same" ? ` · ${texts.noise}` : "";
        lines.push(`${line} · ${change > 0 ? "+" : ""}${change.toFixed(2)} ${texts.points}${noise}`);
      }
      tip.textContent = "";
      const box = make("rect", { rx: 5 }, tip);
      let widest = 0;
      lines.forEach((line, k) => {
        const text = make("text", { x: 10, y: 19 + k * 17, class: k === 0 ? "name" : "soft" }, tip);
        text.textContent = line;
        widest = Math.max(widest, text.getComputedTextLength());
      });
      const w = Math.min(widest + 20, width - 4);
      const h = lines.length * 17 + 12;
      box.setAttribute("width", w);
      box.setAttribute("height", h);
      const tall = svg.getBoundingClientRect().height;
      const below = y + 16 + h < tall ? y + 16 : Math.max(2, y - h - 10);
      tip.setAttribute("transform", `translate(${Math.max(2, Math.min(x + 12, width - w - 2))},${below})`);
      tip.setAttribute("visibility", "visible");
    }

    function hideTip() {
      tip.setAttribute("visibility", "hidden");
    }

    function frameAt(target) {
      const g = target instanceof Element ? target.closest("g.f") : null;
      return g && area.contains(g) ? Number(g.getAttribute("data-i")) : -1;
    }

    function select(i) {
      const g = shown.get(i);
      if (!g) return;
      shown.get(current)?.setAttribute("tabindex", "-1");
      current = i;
      g.setAttribute("tabindex", "0");
      g.focus();
    }

    /** The frame shown next to the current one: its widest callee, its caller, or a neighbour on the same level. */
    function neighbour(key) {
      const towardsLeaves = data.inverted ? "ArrowDown" : "ArrowUp";
      if (key === "Home") return zoom;
      if (key === "ArrowUp" || key === "ArrowDown") {
        if (key !== towardsLeaves) return parent[current];
        let best = -1;
        for (const i of shown.keys()) {
          if (parent[i] === current && (best < 0 || total[i] > total[best])) best = i;
        }
        return best;
      }
      const level = [...shown.keys()].filter((i) => depth[i] === depth[current]).sort((a, b) => a - b);
      return level[level.indexOf(current) + (key === "ArrowRight" ? 1 : -1)] ?? -1;
    }

    area.addEventListener("mousemove", (event) => {
      const i = frameAt(event.target);
      const at = svg.getBoundingClientRect();
      if (i < 0) hideTip();
      else showTip(i, event.clientX - at.left, event.clientY - at.top);
    });
    area.addEventListener("mouseleave", hideTip);
    area.addEventListener("click", (event) => {
      const i = frameAt(event.target);
      if (i >= 0) zoomTo(i);
    });
    area.addEventListener("focusin", (event) => {
      const i = frameAt(event.target);
      if (i < 0) return;
      shown.get(current)?.setAttribute("tabindex", "-1");
      current = i;
      shown.get(i).setAttribute("tabindex", "0");
      const at = svg.getBoundingClientRect();
      const rect = shown.get(i).firstChild.getBoundingClientRect();
      if (shown.get(i).matches(":focus-visible")) showTip(i, rect.left - at.left, rect.bottom - at.top);
    });
    area.addEventListener("focusout", hideTip);
    for (const [node, act] of [[reset, () => zoomTo(0)], [search, openSearch]]) {
      node.addEventListener("click", act);
      node.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        act();
      });
    }
    input.addEventListener("input", () => searchFor(input.value));
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") closeSearch();
      if (event.key === "Enter" && input.value === "") closeSearch();
      if (event.key === "Enter" || event.key === "Escape") shown.get(current)?.focus();
    });
    (alone ? window : svg).addEventListener("keydown", (event) => {
      // Where the graph is only a part of a page, the page's own search keeps its key.
      if ((alone && event.key === "f" && (event.ctrlKey || event.metaKey)) || event.key === "/") {
        event.preventDefault();
        openSearch();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") {
        if (pattern !== "") closeSearch();
        else if (zoom !== 0) zoomTo(0);
        return;
      }
      const i = frameAt(document.activeElement);
      if (/^(Arrow(Up|Down|Left|Right)|Home)$/.test(event.key)) {
        event.preventDefault();
        const next = i < 0 ? current : neighbour(event.key);
        if (next >= 0) select(next);
      } else if ((event.key === "Enter" || event.key === " ") && i >= 0) {
        event.preventDefault();
        zoomTo(i);
      }
    });

    function fit() {
      const now = svg.getBoundingClientRect().width;
      // In a closed <details> there is no width; the observer calls again when it opens.
      if (now < 1 || Math.abs(now - width) < 1) return;
      width = Math.max(now, 160);
      render();
    }
    new ResizeObserver(fit).observe(svg);
    fit();
  }
}
