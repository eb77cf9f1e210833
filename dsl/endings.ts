/** Aggregations whose result is no table: each stands alone in its stage, and no stage follows. */
export const ENDINGS: Readonly<Record<string, { readonly signature: string; readonly doc: string }>> = {
  flame: {
    signature: "flame([x], [stack])",
    doc: "A profile: the sum of x, or the number of rows, by stack; keys become labels",
  },
  series: {
    signature: "series(x, [step])",
    doc: "Lines over time: the mean of x, or an aggregate of it, in steps of 1s; one line for each key",
  },
};

/** The column that rounds of `every` get. */
export const ROUND_TIME = "round_time";
