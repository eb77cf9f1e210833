import type { ProfileFormat } from "./format.ts";
import { foldedParser, looksLikeFolded, writeFolded } from "./folded.ts";

const encoder = new TextEncoder();

/** Folded stacks. */
export const foldedFormat: ProfileFormat = {
  name: "folded",
  endings: [".folded", ".collapsed"],
  doc: "Folded stacks, a line each: flamegraph.pl, inferno, speedscope, bpftrace's stack counts",
  sniff: (head) => looksLikeFolded(new TextDecoder().decode(head)),
  reader: () => {
    const parser = foldedParser();
    const decoder = new TextDecoder();
    return {
      push: (chunk) => parser.push(decoder.decode(chunk, { stream: true })),
      end: () => {
        parser.push(decoder.decode());
        return parser.end();
      },
    };
  },
  *write(profile, options) {
    yield encoder.encode(writeFolded(profile, { sampleType: options?.sampleType }));
  },
};
