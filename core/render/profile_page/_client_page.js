/**
 * The page of a profile: tabs, filters, search, and the views they act on. The source text of this function is put into
 * the page: it must stand alone, and is handed the other parts.
 */
export function profilePage(parts) {
  const data = JSON.parse(document.getElementById("profile-data").textContent);
  const text = parts.text(data);
  const model = parts.model(data);
  const colors = parts.colors(data, model);
  const find = (id) => document.getElementById(id);
  const compares = data.sides.length === 2;
  const time = compares ? null : model.sides[0].timeline;
  const GROUP = data.palette.kindOrder.length + 1;

  const choice = {
    type: 0,
    filter: data.labels.keys.map(() => -1),
    range: null,
    width: "after",
    share: data.share,
    color: data.color,
  };
  let tree = null;
  let totals = null;
  let painter = null;
  let compare = null;
  let hits = null;
  let sandwich = -1;
  let tab = "";

  const nameOf = (f) => data.kind[f] === GROUP - 1 ? data.texts.left_out : data.names[f];
  const whereOf = (f) => {
    const kind = data.palette.kindOrder[data.kind[f]];
    const kindText = kind && kind !== "user" && kind !== "unknown" ? data.texts["kind_" + kind] : "";
    return [data.modules[data.module[f]], data.files[data.file[f]], kindText].filter((s) => s).join(" · ");
  };
  const type = () => data.types[choice.type];
  const amount = (v) => text.amount(v, type());

  // Tooltip.

  const tipBox = find("tip");
  function tip(lines, x, y) {
    tipBox.hidden = lines === null;
    if (lines === null) return;
    tipBox.textContent = "";
    lines.forEach((line, k) => {
      const p = document.createElement("p");
      if (k === 0) p.className = "name";
      p.textContent = line;
      tipBox.append(p);
    });
    const { width, height } = tipBox.getBoundingClientRect();
    const below = y + 18 + height < innerHeight ? y + 18 : Math.max(4, y - height - 10);
    tipBox.style.transform = `translate(${Math.max(4, Math.min(x + 12, innerWidth - width - 8))}px,${below}px)`;
  }

  /** What a box stands for, in lines. */
  function facts(i, of, zoom) {
    const f = of.frame[i];
    const lines = [f < 0 ? data.texts.all : nameOf(f)];
    if (f >= 0 && whereOf(f)) lines.push(whereOf(f));
    const all = tree.total[0];
    let size = `${amount(of.total[i])} · ${text.fill("of_all", { percent: text.percent(of.total[i], all) })}`;
    if (zoom > 0 && of.total[zoom] < all) {
      size += ` · ${text.fill("of_zoom", { percent: text.percent(of.total[i], of.total[zoom]) })}`;
    }
    if (!of.sides || choice.width !== "both") lines.push(size);
    if (of.self[i] > 0 && of.self[i] !== of.total[i]) {
      lines.push(text.fill("self_line", { amount: amount(of.self[i]), percent: text.percent(of.self[i], all) }));
    }
    if (of.sides) lines.push(changeLine(of.sides.totals[0][i], of.sides.totals[1][i]));
    return lines;
  }

  function changeLine(before, after) {
    const change = compare(before, after);
    const both = text.fill("before_after", {
      before: `${amount(before)} (${text.percent(before, tree.sides.totals[0][0])})`,
      after: `${amount(after)} (${text.percent(after, tree.sides.totals[1][0])})`,
    });
    return `${both} · ${text.points(change.points)} ${data.texts.points}${
      change.known && change.noise ? ` · ${data.texts.noise}` : ""
    }`;
  }

  // Flame graphs.

  const detail = find("detail");
  function describe(i, of) {
    const [name, ...rest] = facts(i, of, 0);
    detail.textContent = "";
    const strong = document.createElement("b");
    strong.textContent = name;
    detail.append(strong, document.createTextNode(rest.length > 0 ? " · " + rest.join(" · ") : ""));
  }

  const common = {
    text,
    ink: () => colors.ink(),
    root: data.texts.all,
    name: nameOf,
    color: (i, of) => painter(i, of),
    label: (i, of) =>
      `${of.frame[i] < 0 ? data.texts.all : nameOf(of.frame[i])}, ${amount(of.total[i])}, ${
        text.percent(of.total[i], tree.total[0])
      }`,
    tip: (at) => at ? tip(facts(at.node, at.tree, at.zoom), at.x, at.y) : tip(null),
    busy: () => find("search").value !== "",
    choose: describe,
  };
  const flame = parts.flame(find("flame"), {
    ...common,
    inverted: false,
    zoomed: (i) => {
      find("reset").hidden = i === 0;
      showMatched();
      fillCallees();
    },
  });
  const callers = parts.flame(find("callers"), { ...common, inverted: false, zoomed: follow("callers") });
  const callees = parts.flame(find("callees"), { ...common, inverted: true, zoomed: follow("callees") });

  /** A box of a sandwich, chosen, becomes the function in its middle. */
  function follow() {
    return (i, of) => {
      if (i > 0 && of.frame[i] >= 0) sandwichOf(of.frame[i]);
    };
  }

  function sandwichOf(f) {
    sandwich = f;
    find("middle").textContent = "";
    const name = document.createElement("b");
    name.textContent = nameOf(f);
    const rest = [
      whereOf(f),
      text.fill("total_line", {
        amount: amount(totals.total[f]),
        percent: text.percent(totals.total[f], tree.total[0]),
      }),
      text.fill("self_line", { amount: amount(totals.self[f]), percent: text.percent(totals.self[f], tree.total[0]) }),
    ].filter((s) => s);
    find("middle").append(name, document.createTextNode(" · " + rest.join(" · ")));
    callers.show(model.callers(tree, f), false);
    callees.show(model.callees(tree, f), false);
    callers.mark(hits);
    callees.mark(hits);
    functions.grid.dataset.chosen = String(f);
  }

  // Tables.

  const named = (row) => nameOf(row);
  const module = (row) => data.modules[data.module[row]].replace(/^.*\/(?=.)/, "");
  const nameColumn = {
    key: "name",
    title: data.texts.function,
    numeric: false,
    value: named,
    text: named,
    note: module,
  };
  const share = (column, row) => totals[column][row] / (tree.total[0] || 1);
  const amountColumn = (column) => ({
    key: column,
    title: data.texts[column],
    numeric: true,
    value: (row) => totals[column][row],
    text: (row) => text.amount(totals[column][row], { ...type(), name: "" }),
  });
  const shareColumn = (column, bar) => ({
    key: column + "_share",
    title: data.texts[column] + " %",
    numeric: true,
    value: (row) => totals[column][row],
    text: (row) => text.percent(totals[column][row], tree.total[0]),
    bar: bar ? (row) => share(column, row) : undefined,
  });
  const openSandwich = (row) => {
    show("sandwich");
    sandwichOf(row);
    find("tab-sandwich").focus();
  };
  const top = parts.table(find("top-table"), {
    label: data.texts.tab_top,
    empty: data.texts.empty,
    sort: "self",
    columns: [
      amountColumn("self"),
      shareColumn("self", true),
      amountColumn("total"),
      shareColumn("total", true),
      nameColumn,
    ],
    choose: openSandwich,
  });
  const functions = parts.table(find("functions"), {
    label: data.texts.functions,
    empty: data.texts.empty,
    sort: "total_share",
    columns: [shareColumn("total"), shareColumn("self"), nameColumn],
    choose: sandwichOf,
  });

  const diffOf = (column, row) => compare(totals.sides[0][column][row], totals.sides[1][column][row]);
  const perSide = (column, s, title) => ({
    key: `${column}${s}`,
    title,
    numeric: true,
    value: (row) => totals.sides[s][column][row],
    text: (row) =>
      choice.share
        ? text.percent(totals.sides[s][column][row], tree.sides.totals[s][0])
        : amount(totals.sides[s][column][row] * tree.sides.scale[s]),
  });
  const changeColumn = (column, title) => ({
    key: `${column}_change`,
    title,
    hint: data.texts.change_hint,
    numeric: true,
    value: (row) => choice.share ? diffOf(column, row).points : diffOf(column, row).change,
    text: (row) => {
      const d = diffOf(column, row);
      const middle = choice.share ? text.points(d.points) : signed(d.change);
      if (!d.known) return middle;
      return `${middle}  [${choice.share ? text.points(d.low) : signed(d.low)}, ${
        choice.share ? text.points(d.high) : signed(d.high)
      }]`;
    },
    look: (row) => {
      const d = diffOf(column, row);
      return d.noise ? "noise" : d.change > 0 || (choice.share && d.points > 0) ? "more" : "less";
    },
  });
  const signed = (v) => (v > 0 ? "+" : "") + amount(v).replace("-", "−");
  const diff = compares
    ? parts.table(find("diff-table"), {
      label: data.texts.tab_diff,
      empty: data.texts.empty,
      sort: "self_change",
      columns: [
        perSide("self", 0, data.texts.self_before),
        perSide("self", 1, data.texts.self_after),
        changeColumn("self", data.texts.self_change),
        perSide("total", 0, data.texts.total_before),
        perSide("total", 1, data.texts.total_after),
        changeColumn("total", data.texts.total_change),
        nameColumn,
      ],
      choose: openSandwich,
    })
    : null;

  /** What the zoomed frame calls, as a table: the same figures for those who do not see the graph. */
  function fillCallees() {
    const details = find("callees-table");
    if (!details.open || !tree) return;
    const zoom = flame.zoom;
    const path = [];
    for (let a = zoom; a >= 0; a = tree.parent[a]) path.unshift(a);
    const list = find("path");
    list.textContent = "";
    const shown = path.length > 40 ? [path[0], ...path.slice(-39)] : path;
    for (const node of shown) {
      const item = document.createElement("li");
      item.append(goTo(node));
      if (node === zoom) item.setAttribute("aria-current", "true");
      list.append(item);
    }
    const rows = [];
    for (let c = zoom + 1; c < tree.end[zoom]; c = tree.end[c]) if (tree.total[c] > 0) rows.push(c);
    rows.sort((a, b) => tree.total[b] - tree.total[a]);
    const body = find("callee-rows");
    body.textContent = "";
    for (const node of rows.slice(0, 200)) {
      const row = document.createElement("tr");
      const cell = (words) => {
        const td = document.createElement("td");
        td.className = "n";
        td.textContent = words;
        row.append(td);
      };
      const head = document.createElement("th");
      head.scope = "row";
      head.append(goTo(node));
      row.append(head);
      cell(amount(tree.total[node]));
      cell(text.percent(tree.total[node], tree.total[0]));
      cell(text.percent(tree.self[node], tree.total[0]));
      body.append(row);
    }
    find("callees-more").textContent = rows.length > 200
      ? text.fill("rows_more", { n: text.number(rows.length - 200) })
      : "";
  }

  function goTo(node) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = tree.frame[node] < 0 ? data.texts.all : nameOf(tree.frame[node]);
    button.addEventListener("click", () => flame.zoomTo(node));
    return button;
  }

  // Time.

  let heat = null;
  function chooseRange(range) {
    choice.range = range;
    showRange();
    update();
  }
  function showRange() {
    const chip = find("range");
    chip.hidden = choice.range === null;
    if (choice.range === null) return;
    const { from, to } = choice.range;
    chip.textContent = text.fill("range", {
      from: text.seconds(from * time.sliceMs),
      to: text.seconds(to * time.sliceMs),
    });
    if (find("from").value !== "" || document.activeElement !== find("from")) {
      find("from").value = text.seconds(from * time.sliceMs);
    }
    find("to").value = text.seconds(to * time.sliceMs);
  }
  if (time) {
    heat = parts.heat(find("heat"), {
      text,
      time,
      ink: () => colors.ink(),
      tip,
      choose: (range) => {
        chooseRange(range);
        say(range ? text.fill("filtered", { amount: amount(tree.total[0]) }) : data.texts.unfiltered);
      },
    });
    const clear = () => {
      find("from").value = find("to").value = "";
      heat.range(null);
      chooseRange(null);
    };
    find("range").addEventListener("click", clear);
    find("bucket").addEventListener("change", (event) => heat.bucket(Number(event.target.value)));
    for (const id of ["from", "to"]) {
      find(id).addEventListener("change", () => {
        const [from, to] = ["from", "to"].map((name) => find(name).value.trim());
        if (from === "" && to === "") return clear();
        const slice = (words, otherwise) => words === "" ? otherwise : Math.round(Number(words) * 1000 / time.sliceMs);
        const range = { from: Math.max(0, slice(from, 0)), to: Math.min(time.slices, slice(to, time.slices)) };
        if (!(range.to > range.from)) return;
        heat.range(range);
        chooseRange(range);
      });
    }
  }

  // Everything that follows from a choice.

  const events = () => data.sides.map((_, s) => eventsOf(s));
  /** Samples of a side under the current filter; 0 when the profile does not tell them. */
  function eventsOf(s) {
    const at = data.types.findIndex((t) => t.unit === "count" && /^samples?$/.test(t.name));
    if (at < 0) return 0;
    const { labels, values } = model.sides[s];
    let sum = 0;
    values[at].forEach((v, e) => {
      if (data.labels.sets[labels[e]].every((v, k) => choice.filter[k] < 0 || choice.filter[k] === v)) sum += v;
    });
    return sum;
  }

  function update(keep = true) {
    tree = model.whole(choice);
    totals = model.functionTotals(tree.self, tree.total);
    if (compares) {
      const { selfs, totals: sums, scale } = tree.sides;
      totals.sides = [0, 1].map((s) => model.functionTotals(selfs[s], sums[s]));
      compare = parts.compare(sums.map((t) => t[0]), scale, events(), choice.share);
    }
    recolor();
    flame.show(tree, keep);
    find("reset").hidden = flame.zoom === 0;
    describe(flame.current, tree);
    const rows = [];
    for (let f = 0; f < model.functions; f++) {
      if (totals.total[f] > 0 && data.kind[f] < GROUP) rows.push(f);
    }
    top.show(rows);
    functions.show(rows);
    if (diff) {
      const either = [];
      for (let f = 0; f < model.functions; f++) {
        if (data.kind[f] < GROUP && totals.sides.some((side) => side.total[f] > 0)) either.push(f);
      }
      diff.show(either);
      find("diff-note").textContent = compareNote(either);
    }
    if (sandwich >= 0 && totals.total[sandwich] > 0) sandwichOf(sandwich);
    else if (tab === "sandwich") startSandwich();
    else sandwich = -1;
    if (heat) heat.show(model.slices(choice.filter));
    showMatched();
    fillCallees();
    find("shown").textContent = text.fill("shown", { amount: amount(tree.total[0]) });
  }

  function compareNote(rows) {
    if (!diffOf("self", rows[0] ?? 0).known) return data.texts.no_chance;
    const outside = rows.filter((row) => !diffOf("total", row).noise).length;
    return text.fill("chance", {
      n: text.number(rows.length),
      outside: text.number(outside),
      chance: text.number(Math.round(rows.length / 20)),
    });
  }

  /** Without a choice the sandwich is about the function with most self time. */
  function startSandwich() {
    let best = -1;
    for (let f = 0; f < model.functions; f++) {
      if (data.kind[f] < GROUP - 1 && (best < 0 || totals.self[f] > totals.self[best])) best = f;
    }
    if (best >= 0 && totals.total[best] > 0) sandwichOf(best);
  }

  function recolor() {
    painter = colors.painter(
      choice.color,
      choice,
      compares && ((i, of) => {
        if (!of.sides) return { delta: 0, noise: true };
        return compare(of.sides.totals[0][i], of.sides.totals[1][i]);
      }),
    );
    const list = find("legend");
    list.textContent = "";
    for (const [color, name] of colors.legend(choice.color)) {
      const item = document.createElement("span");
      const swatch = document.createElement("i");
      swatch.style.background = color;
      item.append(swatch, document.createTextNode(name));
      list.append(item);
    }
  }

  const redraw = () => {
    recolor();
    for (const view of [flame, callers, callees]) view.drawNow();
    heat?.drawNow();
  };
  colors.onChange(redraw);

  // Search.

  const search = find("search");
  function searchFor() {
    const { re, broken } = text.expression(search.value);
    search.setAttribute("aria-invalid", String(broken));
    hits = re ? Uint8Array.from(data.names, (_, f) => re.test(nameOf(f)) ? 1 : 0) : null;
    for (const view of [flame, callers, callees]) view.mark(hits);
    const test = hits ? (f) => hits[f] === 1 : null;
    for (const table of [top, functions, diff]) table?.filter(test);
    showMatched();
  }

  /** How much of what is zoomed matches, nested matches counted once. */
  function showMatched() {
    const out = find("matched");
    if (hits === null || !tree) {
      if (out.textContent !== "") out.textContent = "";
      return;
    }
    const zoom = flame.zoom;
    let sum = 0;
    for (let a = zoom; a > 0; a = tree.parent[a]) if (hits[tree.frame[a]] === 1) sum = tree.total[zoom];
    for (let i = zoom; sum < tree.total[zoom] && i < tree.end[zoom];) {
      if (i > 0 && hits[tree.frame[i]] === 1) {
        sum += tree.total[i];
        i = tree.end[i];
      } else i++;
    }
    out.textContent = text.fill("matched", { percent: text.percent(sum, tree.total[zoom]) });
  }
  search.addEventListener("input", searchFor);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && search.value !== "") {
      search.value = "";
      searchFor();
      event.stopPropagation();
    } else if (event.key === "Enter" || event.key === "Escape") focusView();
  });

  // Tabs and controls.

  const tabs = [...document.querySelectorAll("[role=tab]")];
  const panelOf = (name) => name === "icicle" ? "flame" : name;
  function show(name) {
    tab = name;
    for (const button of tabs) {
      const own = button.id === "tab-" + name;
      button.setAttribute("aria-selected", String(own));
      button.tabIndex = own ? 0 : -1;
    }
    for (const panel of document.querySelectorAll("[role=tabpanel]")) {
      panel.hidden = panel.id !== "panel-" + panelOf(name);
      if (!panel.hidden) panel.setAttribute("aria-labelledby", "tab-" + name);
    }
    document.body.dataset.tab = name;
    if (name === "flame" || name === "icicle") {
      flame.invert(name === "icicle");
      flame.fit();
    }
    if (name === "sandwich" && sandwich < 0) startSandwich();
  }
  function focusView() {
    const view = { flame: "flame", icicle: "flame", sandwich: "callees", heat: "heat" }[tab];
    if (view) find(view).focus();
    else document.querySelector(`#panel-${tab} [role=grid]`)?.focus();
  }
  tabs.forEach((button, k) => {
    button.addEventListener("click", () => show(button.id.slice(4)));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -k, End: tabs.length - 1 - k }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const next = tabs[(k + step + tabs.length) % tabs.length];
      show(next.id.slice(4));
      next.focus();
    });
  });

  const say = (words) => find("said").textContent = words;
  find("type")?.addEventListener("change", (event) => {
    choice.type = Number(event.target.value);
    update();
    say(text.fill("shown", { amount: amount(tree.total[0]) }));
  });
  for (const select of document.querySelectorAll("select[data-label]")) {
    select.addEventListener("change", () => {
      choice.filter[Number(select.dataset.label)] = Number(select.value);
      update();
      say(text.fill("filtered", { amount: amount(tree.total[0]) }));
    });
  }
  find("color").addEventListener("change", (event) => {
    choice.color = event.target.value;
    redraw();
  });
  find("width")?.addEventListener("change", (event) => {
    choice.width = event.target.value;
    update();
  });
  find("share")?.addEventListener("change", (event) => {
    choice.share = event.target.checked;
    update();
  });
  find("reset").addEventListener("click", () => flame.zoomTo(0));
  find("callees-table").addEventListener("toggle", fillCallees);

  addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement?.tagName !== "INPUT") {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && document.activeElement?.tagName !== "SELECT") {
      if (search.value !== "") {
        search.value = "";
        searchFor();
      } else if (choice.range && !find("range").hidden) find("range").click();
      else if (flame.zoom !== 0) flame.zoomTo(0);
    } else if (/^[1-9]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) {
      if (/^(INPUT|SELECT)$/.test(document.activeElement?.tagName ?? "")) return;
      const button = tabs[Number(event.key) - 1];
      if (!button) return;
      show(button.id.slice(4));
      focusView();
    } else if (event.key === "s" && document.activeElement === flame.host && tree.frame[flame.current] >= 0) {
      openSandwich(tree.frame[flame.current]);
    }
  });

  choice.color = find("color").value;
  show(data.tab);
  update(false);
}
