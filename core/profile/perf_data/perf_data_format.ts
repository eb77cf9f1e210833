import { openHost } from "../../host/mod.ts";
import type { ProfileFormat } from "../formats/format.ts";
import { looksLikePerfData } from "./file_header.ts";
import { perfDataReader } from "./perf_data_reader.ts";

/** What `perf record` writes, into a file or a pipe. */
export const perfDataFormat: ProfileFormat = {
  name: "perf-data",
  endings: [".data", ".perf.data"],
  doc: "perf.data, as perf record writes it (also to a pipe, also compressed)",
  sniff: looksLikePerfData,
  reader: ({ timeline, names = true } = {}) => perfDataReader({ timeline, host: names ? openHost() : undefined }),
};
