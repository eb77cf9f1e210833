/**
 * The profile in the page: what is counted where under the current choice of sample type, labels and time, and trees made
 * of it. The source text of this function is put into the page: it must stand alone.
 */
export function pageModel(data) {
  const count = data.up.length + 1;
  const functions = data.names.length;
  const frame = new Int32Array(count).fill(-1);
  const parent = new Int32Array(count).fill(-1);
  const depth = new Int32Array(count);
  const end = new Int32Array(count).fill(count);
  {
    const path = [0];
    for (let i = 1; i < count; i++) {
      for (let up = data.up[i - 1]; up > 0; up--) end[path.pop()] = i;
      frame[i] = data.frame[i - 1];
      parent[i] = path[path.length - 1];
      depth[i] = path.length;
      path.push(i);
    }
  }
  const sides = data.sides.map((side) => ({
    node: Int32Array.from(side.node),
    labels: Int32Array.from(side.labels),
    values: side.values.map((column) => Float64Array.from(column)),
    durationNs: side.durationNs,
    timeline: side.timeline && {
      ...side.timeline,
      slice: Int32Array.from(side.timeline.after).map(((sum) => (after) => sum += after)(0)),
      entry: Int32Array.from(side.timeline.entry),
      count: Float64Array.from(side.timeline.count),
      value: Float64Array.from(side.timeline.value),
    },
  }));

  /** Which label sets pass a filter, which holds an index into the values of each key or −1 for any. */
  function passing(filter) {
    return Uint8Array.from(data.labels.sets, (set) => set.every((v, k) => filter[k] < 0 || filter[k] === v) ? 1 : 0);
  }

  /** What was counted in each node itself. */
  function selfOf(side, type, filter, range) {
    const self = new Float64Array(count);
    const pass = passing(filter);
    const { timeline: time } = side;
    const values = side.values[type];
    if (range && time) {
      const base = side.values[0];
      for (let i = lowerBound(time.slice, range.from); i < time.slice.length && time.slice[i] < range.to; i++) {
        const e = time.entry[i];
        if (pass[side.labels[e]] === 0) continue;
        self[side.node[e]] += type === 0 ? time.value[i] : base[e] > 0 ? time.value[i] * values[e] / base[e] : 0;
      }
    } else {
      for (let e = 0; e < values.length; e++) if (pass[side.labels[e]] === 1) self[side.node[e]] += values[e];
    }
    return self;
  }

  function totalsOf(self) {
    const total = self.slice();
    for (let i = count - 1; i > 0; i--) total[parent[i]] += total[i];
    return total;
  }

  /** Samples by slice of time that pass a filter. */
  function slices(filter) {
    const [side] = sides;
    const time = side.timeline;
    const out = new Float64Array(time.slices);
    const pass = passing(filter);
    for (let i = 0; i < time.slice.length; i++) {
      if (pass[side.labels[time.entry[i]]] === 1) out[time.slice[i]] += time.count[i];
    }
    return out;
  }

  /** First place in ascending numbers that is not below a value. */
  function lowerBound(list, value) {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (list[mid] < value) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  /**
   * What a view draws: columns of a tree with callers before callees and each subtree together. `total` are widths,
   * `from` where a node starts in units of them, `levels[d]` the nodes of level d from left to right.
   */
  function laidOut(tree) {
    const n = tree.frame.length;
    const from = new Float64Array(n);
    const filled = new Float64Array(n);
    let deepest = 0;
    for (let i = 0; i < n; i++) {
      const p = tree.parent[i];
      if (p >= 0) {
        from[i] = filled[p];
        filled[p] += tree.total[i];
      }
      filled[i] = from[i];
      if (tree.total[i] > 0 && tree.depth[i] > deepest) deepest = tree.depth[i];
    }
    const sizes = new Int32Array(deepest + 1);
    for (let i = 0; i < n; i++) if (tree.total[i] > 0) sizes[tree.depth[i]]++;
    const levels = Array.from(sizes, (size) => new Int32Array(size));
    sizes.fill(0);
    for (let i = 0; i < n; i++) if (tree.total[i] > 0) levels[tree.depth[i]][sizes[tree.depth[i]]++] = i;
    return { ...tree, from, levels };
  }

  /**
   * The tree under a choice.
   *
   * @param choice type: index; filter: by label key; range: slices of time or null; width: which side gives the widths
   *   of a comparison (`after`, `before`, `both`); share: whether sides count as shares of their totals
   */
  function whole(choice) {
    const selfs = sides.map((side) => selfOf(side, choice.type, choice.filter, choice.range));
    const totals = selfs.map(totalsOf);
    const tree = { frame, parent, depth, end };
    if (sides.length === 1) return laidOut({ ...tree, self: selfs[0], total: totals[0], sides: null });
    const scale = scales(totals, choice.share);
    const mixed = (columns) => {
      if (choice.width === "after") return columns[1];
      const [b, a] = scale;
      if (choice.width === "before") return columns[0];
      return columns[0].map((v, i) => (v * b + columns[1][i] * a) / a);
    };
    return laidOut({ ...tree, self: mixed(selfs), total: mixed(totals), sides: { selfs, totals, scale } });
  }

  /** By what each side is multiplied before they are compared. */
  function scales(totals, share) {
    if (share) return totals.map((t) => t[0] > 0 ? 1 / t[0] : 0);
    const known = sides.every((s) => s.durationNs > 0);
    return sides.map((s) => known ? sides[1].durationNs / s.durationNs : 1);
  }

  /** Self and total of each function; recursion counts once. */
  function functionTotals(self, total) {
    const out = { self: new Float64Array(functions), total: new Float64Array(functions) };
    const open = new Int32Array(functions);
    const path = [];
    for (let i = 1; i < count; i++) {
      if (total[i] === 0) continue;
      while (path.length > 0 && end[path[path.length - 1]] <= i) open[frame[path.pop()]]--;
      const f = frame[i];
      out.self[f] += self[i];
      if (open[f]++ === 0) out.total[f] += total[i];
      path.push(i);
    }
    return out;
  }

  /** Nodes of a function that are in no other node of it: what is counted in them is the function's total. */
  function outermost(tree, f) {
    const nodes = [];
    for (let i = 1; i < count;) {
      if (frame[i] === f && tree.total[i] > 0) {
        nodes.push(i);
        i = end[i];
      } else i++;
    }
    return nodes;
  }

  /** The subtrees of a function laid over each other. */
  function callees(tree, f) {
    const merged = growing(f);
    const at = [];
    for (const top of outermost(tree, f)) {
      merged.add(0, tree.total[top], tree.self[top]);
      at[depth[top]] = 0;
      for (let i = top + 1; i < end[top]; i++) {
        if (tree.total[i] === 0) continue;
        const node = merged.child(at[depth[i] - 1], frame[i]);
        merged.add(node, tree.total[i], tree.self[i]);
        at[depth[i]] = node;
      }
    }
    return laidOut(merged.finish());
  }

  /**
   * The callers of a function as a tree whose root is the function. Only what is a thousandth of the root or more is
   * followed, level by level, so that a function that a recursion calls ten thousand deep costs no more than it shows.
   */
  function callers(tree, f) {
    const merged = growing(f);
    let level = outermost(tree, f).map((node) => ({ node, at: 0, value: tree.total[node], self: 0 }));
    for (const { value } of level) merged.add(0, value, 0);
    const least = merged.totalOf(0) / 4000;
    let steps = 0;
    while (level.length > 0 && steps < 2e7) {
      const next = [];
      for (const cursor of level) {
        steps++;
        const caller = parent[cursor.node];
        if (caller <= 0 || merged.totalOf(cursor.at) < least) {
          merged.add(cursor.at, 0, cursor.value);
          continue;
        }
        cursor.at = merged.child(cursor.at, frame[caller]);
        cursor.node = caller;
        merged.add(cursor.at, cursor.value, 0);
        next.push(cursor);
      }
      level = next;
    }
    return laidOut(merged.finish());
  }

  /** A tree that grows by children of any node; finished, it is in the order that views want. */
  function growing(rootFrame) {
    const frames = [rootFrame];
    const parents = [-1];
    const total = [0];
    const self = [0];
    const index = new Map();
    return {
      child(node, f) {
        const key = node * functions + f;
        let i = index.get(key);
        if (i === undefined) {
          index.set(key, i = frames.push(f) - 1);
          parents.push(node);
          total.push(0);
          self.push(0);
        }
        return i;
      },
      add(node, t, s) {
        total[node] += t;
        self[node] += s;
      },
      totalOf: (node) => total[node],
      finish() {
        const n = frames.length;
        const first = new Int32Array(n).fill(-1);
        const next = new Int32Array(n).fill(-1);
        // Smallest first, each in front of its siblings: the largest ends up at the left.
        const order = frames.map((_, i) => i).sort((a, b) => total[a] - total[b] || b - a);
        for (const i of order) {
          if (i === 0) continue;
          next[i] = first[parents[i]];
          first[parents[i]] = i;
        }
        const out = {
          frame: new Int32Array(n),
          parent: new Int32Array(n),
          depth: new Int32Array(n),
          end: new Int32Array(n).fill(n),
          total: new Float64Array(n),
          self: new Float64Array(n),
          sides: null,
        };
        const place = new Int32Array(n);
        let made = 0;
        for (let i = 0; i >= 0;) {
          const at = place[i] = made++;
          const p = parents[i];
          out.frame[at] = frames[i];
          out.parent[at] = p < 0 ? -1 : place[p];
          out.depth[at] = p < 0 ? 0 : out.depth[place[p]] + 1;
          out.total[at] = total[i];
          out.self[at] = self[i];
          if (first[i] >= 0) {
            i = first[i];
            continue;
          }
          while (i >= 0 && next[i] < 0) {
            out.end[place[i]] = made;
            i = parents[i];
          }
          if (i >= 0) {
            out.end[place[i]] = made;
            i = next[i];
          }
        }
        return out;
      },
    };
  }

  /** For each node which value of a label most of it has; −1 where no stack has the label. */
  function dominant(choice, key) {
    const best = new Int32Array(count).fill(-1);
    const most = new Float64Array(count);
    const side = sides.length - 1;
    const sums = data.labels.values[key].map(() => 0);
    const values = sides[side].values[choice.type];
    values.forEach((v, e) => {
      const value = data.labels.sets[sides[side].labels[e]][key];
      if (value >= 0) sums[value] += v;
    });
    const largest = sums.map((_, v) => v).sort((a, b) => sums[b] - sums[a]).slice(0, 24);
    for (const v of largest) {
      const filter = choice.filter.slice();
      if (filter[key] >= 0 && filter[key] !== v) continue;
      filter[key] = v;
      const total = totalsOf(selfOf(sides[side], choice.type, filter, choice.range));
      for (let i = 0; i < count; i++) {
        if (total[i] > most[i]) {
          most[i] = total[i];
          best[i] = v;
        }
      }
    }
    return best;
  }

  return {
    count,
    functions,
    sides,
    frame,
    whole,
    functionTotals,
    callees,
    callers,
    dominant,
    slices,
    lowerBound,
    outermost,
  };
}
