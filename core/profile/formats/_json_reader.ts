import type { Profile } from "../../data/mod.ts";
import type { ProfileReader } from "./format.ts";
import { FormatError } from "./format_error.ts";

/**
 * A reader of one JSON document. It is held whole: JSON has no end of a part before the end of the text.
 *
 * @param convert what the document says, as a profile
 */
export function jsonReader(convert: (document: unknown) => Profile): ProfileReader {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let size = 0;
  return {
    push: (chunk) => {
      size += chunk.length;
      if (size > MAX_BYTES) throw new FormatError(`JSON of more than ${MAX_BYTES >> 20} MiB`, "");
      parts.push(decoder.decode(chunk, { stream: true }));
    },
    end: () => {
      const text = parts.join("") + decoder.decode();
      parts = [];
      let document: unknown;
      try {
        document = JSON.parse(text);
      } catch (error) {
        // V8 quotes the text around the place: it may be anything.
        const why = (error as Error).message.replace(/[\x00-\x1f\x7f-\x9f]/g, " ").slice(0, 200);
        throw new FormatError(`no JSON: ${why}`, "");
      }
      return convert(document);
    },
  };
}

/** Of a string V8 takes half a gigabyte at most, and what is parsed takes several times its text. */
const MAX_BYTES = 480 << 20;
