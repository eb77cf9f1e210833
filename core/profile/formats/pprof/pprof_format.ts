import { constants, gunzipSync, gzipSync } from "node:zlib";
import type { Profile } from "../../../data/mod.ts";
import type { ProfileFormat, ProfileReader } from "../format.ts";
import { FormatError } from "../format_error.ts";
import { packing } from "../packing.ts";
import { decodePprof } from "./decode_pprof.ts";
import { encodePprof } from "./encode_pprof.ts";
import { looksLikeLegacyCpu, readLegacyCpu } from "./legacy_cpu.ts";
import { looksLikeLegacyText, readLegacyText } from "./legacy_text.ts";
import { pprofToProfile } from "./pprof_to_profile.ts";
import { profileToPprof } from "./profile_to_pprof.ts";
import { protoReader } from "./_proto_reader.ts";

/** Most bytes of a file, packed or not: its texts come last, so that it is held whole. */
const MAX_BYTES = 1 << 30;

/** What Go, gperftools and many others write, and `go tool pprof` opens; also the older forms, which are read only. */
export const pprofFormat: ProfileFormat = {
  name: "pprof",
  endings: [".pb.gz", ".pprof", ".prof", ".pb"],
  doc: "pprof (profile.proto), as Go, gperftools and others write it; opened by go tool pprof",
  sniff: (head) => {
    const plain = packing(head) === "gzip" ? beginning(head) : head;
    return looksLikeLegacyCpu(plain) || looksLikeLegacyText(plain) || looksLikeProto(plain);
  },
  reader,
  write: (profile) => [gzipSync(encodePprof(profileToPprof(profile)))],
};

function reader(): ProfileReader {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    push: (chunk) => {
      size += chunk.length;
      if (size > MAX_BYTES) throw new FormatError(`more than ${MAX_BYTES} bytes`, "");
      chunks.push(chunk.slice());
    },
    end: () => {
      const bytes = new Uint8Array(size);
      let at = 0;
      for (const c of chunks) {
        bytes.set(c, at);
        at += c.length;
      }
      chunks.length = 0;
      return read(packing(bytes) === "gzip" ? unpacked(bytes) : bytes);
    },
  };
}

function read(bytes: Uint8Array): Profile {
  if (looksLikeLegacyCpu(bytes)) return readLegacyCpu(bytes);
  if (looksLikeLegacyText(bytes)) return readLegacyText(new TextDecoder().decode(bytes));
  if (bytes.length === 0) throw new FormatError("an empty file", "byte 0");
  const message = decodePprof(bytes);
  if (message.sampleTypes.length === 0) throw new FormatError("a profile without sample types", "");
  return pprofToProfile(message);
}

function unpacked(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw new FormatError(error instanceof Error ? error.message : String(error), "gzip");
  }
}

/** What the beginning of a packed file unpacks to. */
function beginning(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head, { maxOutputLength: 1 << 24, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}

/** Whether the fields at the beginning are those of a profile, as far as they are whole. */
function looksLikeProto(head: Uint8Array): boolean {
  const r = protoReader(head);
  let seen = 0;
  try {
    for (let field = r.next(); field !== 0; field = r.next()) {
      if (WIRE[field] !== undefined && (WIRE[field] & 1 << r.wire) === 0) return false;
      if (WIRE[field] === undefined && field < 100) return false;
      seen |= field < 31 ? 1 << field : 0;
      r.skip();
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    // The head ends within a field.
    if (head.length < 1024) return false;
  }
  return (seen & 1 << 1) !== 0;
}

/** Wire types of the fields of a profile, as bits. */
const WIRE: Readonly<Record<number, number>> = Object.fromEntries([
  ...[1, 2, 3, 4, 5, 6, 11].map((f) => [f, 4]),
  ...[7, 8, 9, 10, 12, 14, 15].map((f) => [f, 1]),
  [13, 5],
]);
