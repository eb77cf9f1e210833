/**
 * A flame graph or icicle on a canvas: draws the levels in sight of a tree of any depth, and of them what is wide enough.
 * For those who do not see the canvas it is a tree whose current item is told. The source text of this function is put
 * into the page: it must stand alone.
 *
 * @param host element that scrolls; gets focus
 * @param options text: figures; name(frame), label(node), color(node), ink(): colours; tip(node): lines, or null;
 *   choose(node), zoomed(node): told; root: name of the root
 */
export function flameView(host, options) {
  const ROW = 19;
  const PAD = 8;
  const LEAST = 0.5;
  const FONT = '11px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';
  const { text } = options;
  const space = document.createElement("div");
  space.className = "space";
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  const pen = canvas.getContext("2d");
  space.append(canvas);
  // Two items take turns: a new active item is read out, a changed name of the same one is not.
  const items = [0, 1].map((k) => {
    const item = document.createElement("div");
    item.id = `${host.id}-item-${k}`;
    item.className = "unseen";
    item.setAttribute("role", "treeitem");
    return item;
  });
  let active = 0;
  host.append(space, ...items);
  host.setAttribute("role", "tree");
  host.tabIndex = 0;

  let tree = null;
  let inverted = options.inverted;
  let zoom = 0;
  let current = 0;
  let hover = -1;
  let hits = null;
  /** Deepest level that has a box in the current zoom. */
  let deepest = 0;
  let charWidth = 6.65;
  let width = 0;
  let height = 0;
  let wanted = 0;

  const inner = () => Math.max(1, width - 2 * PAD);
  const scale = () => tree.total[zoom] > 0 ? inner() / tree.total[zoom] : 0;
  const widthOf = (i) => {
    if (i >= zoom && i < tree.end[zoom]) return tree.total[i] * scale();
    return isAncestor(i) ? inner() : 0;
  };
  const xOf = (i) => i < zoom || i >= tree.end[zoom] ? PAD : PAD + (tree.from[i] - tree.from[zoom]) * scale();
  const isAncestor = (i) => i < zoom && tree.end[i] > zoom;
  const contentHeight = () => Math.max(height, (deepest + 1) * ROW + 6);
  const yOf = (level) => inverted ? 3 + level * ROW : contentHeight() - 3 - (level + 1) * ROW;
  const levelAt = (y) => Math.floor(inverted ? (y - 3) / ROW : (contentHeight() - 3 - y) / ROW);

  /** First place in a level whose node does not end left of a value. */
  function firstAt(level, value) {
    let low = 0;
    let high = level.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (tree.from[level[mid]] + tree.total[level[mid]] <= value) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  function measure() {
    const per = scale();
    deepest = tree.depth[zoom];
    for (let i = zoom; i < tree.end[zoom];) {
      if (tree.total[i] * per < LEAST && i !== zoom) i = tree.end[i];
      else {
        if (tree.depth[i] > deepest) deepest = tree.depth[i];
        i++;
      }
    }
    space.style.height = contentHeight() + "px";
  }

  function ask() {
    if (wanted === 0) wanted = requestAnimationFrame(draw);
  }

  function draw() {
    wanted = 0;
    if (!tree || width < 1 || height < 1) return;
    const dots = globalThis.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * dots) || canvas.height !== Math.round(height * dots)) {
      canvas.width = Math.round(width * dots);
      canvas.height = Math.round(height * dots);
      canvas.style.width = width + "px";
      canvas.style.height = height + "px";
    }
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = FONT;
    pen.textBaseline = "middle";
    charWidth = Math.max(4, pen.measureText("MMMMMMMMMM").width / 10);
    const top = host.scrollTop;
    const a = levelAt(top);
    const b = levelAt(top + height);
    const last = Math.min(deepest, Math.max(a, b));
    for (let d = Math.max(0, Math.min(a, b)); d <= last; d++) drawLevel(d, yOf(d) - top);
    if (document.activeElement === host || hover >= 0) mark(document.activeElement === host ? current : hover, top);
    if (hover >= 0 && hover !== current) mark(hover, top);
  }

  function drawLevel(d, y) {
    if (d < tree.depth[zoom]) {
      let a = zoom;
      while (tree.depth[a] > d) a = tree.parent[a];
      pen.globalAlpha = 0.5;
      box(a, PAD, inner(), y);
      pen.globalAlpha = 1;
      return;
    }
    const level = tree.levels[d];
    if (!level) return;
    const per = scale();
    const start = tree.from[zoom];
    const stop = start + tree.total[zoom];
    // Boxes too narrow to see that stand side by side are one pale box: what is there must not look like nothing.
    let crumbFrom = -1;
    let crumbTo = -1;
    for (let k = firstAt(level, start); k < level.length; k++) {
      const i = level[k];
      if (tree.from[i] >= stop && i !== zoom) break;
      const x = PAD + (tree.from[i] - start) * per;
      const w = tree.total[i] * per;
      if (w >= LEAST) {
        box(i, x, w, y);
        continue;
      }
      if (x > crumbTo + 0.25) {
        crumbs(crumbFrom, crumbTo, y);
        crumbFrom = x;
      }
      crumbTo = x + w;
    }
    crumbs(crumbFrom, crumbTo, y);
  }

  function crumbs(from, to, y) {
    if (to - from < LEAST) return;
    pen.fillStyle = options.ink().crumb;
    pen.fillRect(from, y, to - from, ROW - 1);
  }

  function box(i, x, w, y) {
    const hit = hits !== null && i > 0 && tree.frame[i] >= 0 && hits[tree.frame[i]] === 1;
    const ink = options.ink();
    pen.fillStyle = hit ? ink.hit : options.color(i, tree);
    pen.fillRect(x, y, Math.max(w - (w > 3 ? 1 : 0), LEAST), ROW - 1);
    if (w < 3 * charWidth + 8) return;
    const label = text.cut(nameOf(i), w - 8, charWidth);
    if (label === "") return;
    pen.fillStyle = hit ? ink.onHit : ink.on;
    pen.fillText(label, x + 4, y + ROW / 2);
  }

  function mark(i, top) {
    const w = widthOf(i);
    if (w < LEAST || tree.depth[i] > deepest) return;
    pen.strokeStyle = options.ink().line;
    pen.lineWidth = i === current && document.activeElement === host ? 2 : 1;
    pen.strokeRect(xOf(i) + 0.5, yOf(tree.depth[i]) - top + 0.5, Math.max(2, w - 2), ROW - 2);
  }

  const nameOf = (i) => tree.frame[i] < 0 ? options.root : options.name(tree.frame[i]);

  function nodeAt(clientX, clientY) {
    if (!tree) return -1;
    const at = host.getBoundingClientRect();
    const d = levelAt(clientY - at.top - host.clientTop + host.scrollTop);
    const x = clientX - at.left - host.clientLeft;
    if (d < 0 || d > deepest || x < PAD || x > width - PAD) return -1;
    if (d < tree.depth[zoom]) {
      let a = zoom;
      while (tree.depth[a] > d) a = tree.parent[a];
      return a;
    }
    const value = tree.from[zoom] + (x - PAD) / scale();
    const level = tree.levels[d] ?? [];
    const i = level[firstAt(level, value)];
    return i !== undefined && tree.from[i] <= value && i >= zoom && i < tree.end[zoom] && widthOf(i) >= LEAST ? i : -1;
  }

  function setHover(i) {
    if (hover === i) return;
    hover = i;
    ask();
  }

  /** Scrolls a level into sight, and with a zoom so that what it leads to is seen. */
  function reveal(level, toCallees) {
    if (height < 1) return;
    const y = yOf(level);
    const low = host.scrollTop + (inverted && toCallees ? 0 : 2);
    if (toCallees) host.scrollTop = inverted ? y - 3 * ROW : y + ROW - height + 3 * ROW;
    else if (y < low) host.scrollTop = y - 2 * ROW;
    else if (y + ROW > host.scrollTop + height) host.scrollTop = y + 3 * ROW - height;
  }

  function select(i, tell = true) {
    current = i;
    reveal(tree.depth[i], false);
    ask();
    const item = items[active = 1 - active];
    item.setAttribute("aria-label", options.label(i, tree));
    item.setAttribute("aria-level", String(tree.depth[i] + 1));
    item.setAttribute("aria-selected", "true");
    items[1 - active].setAttribute("aria-selected", "false");
    host.setAttribute("aria-activedescendant", item.id);
    if (tell) options.choose?.(i, tree);
  }

  function zoomTo(i) {
    if (!tree) return;
    zoom = i;
    measure();
    reveal(tree.depth[i], true);
    select(i);
    options.zoomed?.(i, tree);
  }

  /** Where a key leads from the current node: its widest callee, its caller, or a neighbour on the same level. */
  function neighbour(key) {
    const deeper = inverted ? "ArrowDown" : "ArrowUp";
    if (key === "Home") return zoom;
    if (key === "ArrowUp" || key === "ArrowDown") return key === deeper ? widest(current) : tree.parent[current];
    if (key === "End") return walk(current, Infinity);
    if (key === "PageUp" || key === "PageDown") {
      const down = key === (inverted ? "PageDown" : "PageUp");
      return walk(current, (down ? 1 : -1) * Math.max(1, Math.floor(height / ROW) - 2));
    }
    const level = tree.levels[tree.depth[current]];
    let k = firstAt(level, tree.from[current] + tree.total[current] / 2);
    const step = key === "ArrowRight" ? 1 : -1;
    for (k += step; k >= 0 && k < level.length; k += step) {
      if (level[k] < zoom || level[k] >= tree.end[zoom]) return -1;
      if (widthOf(level[k]) >= LEAST) return level[k];
    }
    return -1;
  }

  function widest(i) {
    let best = -1;
    const within = i < zoom ? zoom : i;
    if (i < zoom) {
      // From a caller of what is zoomed, the only callee in sight leads back to it.
      let a = within;
      while (tree.parent[a] !== i) a = tree.parent[a];
      return a;
    }
    for (let c = i + 1; c < tree.end[i]; c = tree.end[c]) {
      if (tree.total[c] > 0 && (best < 0 || tree.total[c] > tree.total[best])) best = c;
    }
    return best >= 0 && widthOf(best) >= LEAST ? best : -1;
  }

  function walk(i, levels) {
    for (let left = Math.abs(levels); left > 0; left--) {
      const next = levels > 0 ? widest(i) : tree.parent[i];
      if (next < 0) return i;
      i = next;
    }
    return i;
  }

  host.addEventListener("scroll", ask);
  host.addEventListener("focus", ask);
  host.addEventListener("blur", ask);
  host.addEventListener("mousemove", (event) => {
    const i = nodeAt(event.clientX, event.clientY);
    setHover(i);
    options.tip(i < 0 ? null : { node: i, tree, zoom, x: event.clientX, y: event.clientY });
  });
  host.addEventListener("mouseleave", () => {
    setHover(-1);
    options.tip(null);
  });
  host.addEventListener("click", (event) => {
    const i = nodeAt(event.clientX, event.clientY);
    options.tip(null);
    if (i >= 0) zoomTo(i);
  });
  host.addEventListener("keydown", (event) => {
    if (!tree || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(Arrow(Up|Down|Left|Right)|Home|End|Page(Up|Down))$/.test(event.key)) {
      event.preventDefault();
      const next = neighbour(event.key);
      if (next >= 0) select(next);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      zoomTo(current);
    } else if (event.key === "Escape" && zoom !== 0 && !options.busy?.()) {
      event.stopPropagation();
      zoomTo(options.outTo?.(zoom, tree) ?? 0);
    }
  });

  function fit() {
    const w = host.clientWidth;
    const h = host.clientHeight;
    if (w < 1 || h < 1 || (w === width && h === height)) return;
    const fromEnd = contentHeight() - host.scrollTop - height;
    const first = width === 0;
    width = w;
    height = h;
    if (!tree) return;
    measure();
    if (inverted) {
      if (first) host.scrollTop = 0;
    } else host.scrollTop = first ? contentHeight() : contentHeight() - height - fromEnd;
    draw();
  }
  new ResizeObserver(fit).observe(host);

  return {
    host,
    draw: ask,
    drawNow: draw,
    fit,
    select,
    zoomTo,
    get zoom() {
      return zoom;
    },
    get current() {
      return current;
    },
    get tree() {
      return tree;
    },
    /** Shows another tree; the zoom stays where `keep` says that it may. */
    show(next, keep) {
      const sameZoom = keep && tree && zoom < next.frame.length && next.total[zoom] > 0 ? zoom : 0;
      const at = host.scrollTop;
      const fresh = tree === null;
      tree = next;
      zoom = sameZoom;
      current = sameZoom === 0 || next.total[current] === undefined || next.total[current] === 0 ? zoom : current;
      hover = -1;
      measure();
      if (keep && !fresh) host.scrollTop = at;
      else host.scrollTop = inverted ? 0 : contentHeight();
      select(current, false);
      draw();
    },
    mark(next) {
      hits = next;
      ask();
    },
    invert(next) {
      if (inverted === next) return;
      inverted = next;
      if (!tree) return;
      measure();
      reveal(tree.depth[zoom], true);
      draw();
    },
  };
}
