/** A table drawn as a heat map. */
export interface HeatMapForm {
  readonly kind: "heatmap";
  /** Name of the column that goes to the right, of type time. */
  readonly time: string;
  /** Name of the column that goes upwards: numbers, or histograms. */
  readonly value: string;
}

/** What `show … as` asks for; null is what suits the kind of result. */
export type ShownForm = null | "table" | "hist" | "flame" | "series" | HeatMapForm;
