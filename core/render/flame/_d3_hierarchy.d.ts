/** The part of d3-hierarchy that is used here; the package brings no types. */

export interface HierarchyNode<T> {
  readonly data: T;
  readonly depth: number;
  readonly height: number;
  readonly parent: HierarchyNode<T> | null;
  readonly children?: HierarchyNode<T>[];
  /** What `partition` shares out: set by us, as the tree knows the sums already. */
  value?: number;
  each(visit: (node: this) => void): this;
  /** Parents before children, each subtree together. */
  eachBefore(visit: (node: this) => void): this;
}

export interface RectangularNode<T> extends HierarchyNode<T> {
  readonly x0: number;
  readonly x1: number;
}

export interface Partition<T> {
  (root: HierarchyNode<T>): RectangularNode<T>;
}

export function hierarchy<T>(data: T, children: (data: T) => Iterable<T> | null | undefined): HierarchyNode<T>;
export function partition<T>(): Partition<T>;
