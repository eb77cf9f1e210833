/** Stacks merged from their roots, in columns. Node 0 is the root of all; a parent comes before its children. */
export interface StackTree {
  readonly count: number;
  /** −1 for node 0. */
  readonly parent: Int32Array;
  /** What the caller named the node by; −1 for node 0. */
  readonly frame: Int32Array;
}

/** Builds a {@linkcode StackTree}. */
export interface StackTreeBuilder {
  /** The child of a node by its frame (0 – 2³¹−1), made when it is not there. */
  child(parent: number, frame: number): number;
  /** What was built so far. The columns are views: they are right until the next `child`. */
  tree(): StackTree;
}

/**
 * A tree that costs sixteen bytes a node: the children of all nodes are in one hash table with open addressing. A map
 * for each node would take ten times that, and trees of profiles have up to millions.
 */
export function stackTree(): StackTreeBuilder {
  let parents = new Int32Array(1024);
  let frames = new Int32Array(1024);
  // Node numbers; 0 is an empty slot, as the root is nobody's child.
  let slots = new Int32Array(4096);
  let count = 1;
  parents[0] = frames[0] = -1;

  const slotOf = (parent: number, frame: number): number => {
    const mask = slots.length - 1;
    let h = Math.imul(parent, 0x9e3779b1) ^ Math.imul(frame, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    let at = (h ^ (h >>> 13)) & mask;
    for (;; at = (at + 1) & mask) {
      const node = slots[at];
      if (node === 0 || (parents[node] === parent && frames[node] === frame)) return at;
    }
  };
  const grow = (): void => {
    if (count === parents.length) {
      parents = enlarged(parents);
      frames = enlarged(frames);
    }
    if (count * 2 <= slots.length) return;
    slots = new Int32Array(slots.length * 2);
    for (let node = 1; node < count; node++) slots[slotOf(parents[node], frames[node])] = node;
  };
  return {
    child(parent, frame) {
      const known = slots[slotOf(parent, frame)];
      if (known !== 0) return known;
      grow();
      parents[count] = parent;
      frames[count] = frame;
      slots[slotOf(parent, frame)] = count;
      return count++;
    },
    tree: () => ({ count, parent: parents.subarray(0, count), frame: frames.subarray(0, count) }),
  };
}

function enlarged(column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(column.length * 2);
  larger.set(column);
  return larger;
}
