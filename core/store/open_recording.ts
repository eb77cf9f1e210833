import { type Diagnosis, type Results, resultsToJson, type ToolCallRecord } from "../data/mod.ts";
import { encodeLine, isCompressed } from "./_lines.ts";
import type { RecordingHeader } from "./recording.ts";

/** A recording being written. Disposing it closes the file. */
export interface RecordingWriter extends Disposable {
  /** @throws {Error} when the line could not be written whole (a full disk); what was written before stays readable */
  appendCall(record: ToolCallRecord, results: Results | null): void;
  /**
   * Works after a failed {@linkcode RecordingWriter.appendCall}, too: what that had written of its line was taken
   * back, so that there is mostly room for this one.
   *
   * @throws {Error} when it could not be written whole; the diagnosis is the caller's to show in any case
   */
  appendDiagnosis(diagnosis: Diagnosis): void;
}

/**
 * Starts a recording: a header line, then a line of JSON for each call, then the diagnosis. Each line is in the file
 * when its function returns. A name that ends in `.zst` is compressed. Only the owner may read it: command lines of
 * other users' processes are in it.
 *
 * @throws {Error} when the file cannot be created or written
 */
export function openRecording(path: string, header: Omit<RecordingHeader, "created">): RecordingWriter {
  const compressed = isCompressed(path);
  const file = openPrivate(path);
  let whole = 0;
  const append = (line: unknown): void => {
    const bytes = encodeLine(JSON.stringify(line), compressed);
    try {
      for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
      whole += bytes.length;
    } catch (error) {
      takeBack();
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`Cannot write the recording ${path}: ${why}`, { cause: error });
    }
  };
  const takeBack = (): void => {
    try {
      file.truncateSync(whole);
      file.seekSync(whole, Deno.SeekMode.Start);
    } catch {
      // A pipe or device cannot be shortened; readers leave out a line that was cut.
    }
  };
  try {
    append({ kind: "sonde_recording", schema: 1, ...header, created: new Date().toISOString() });
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    appendCall: (record, results) =>
      append({ kind: "call", record, results: results === null ? null : resultsToJson(results) }),
    appendDiagnosis: (diagnosis) => append({ kind: "diagnosis", diagnosis }),
    [Symbol.dispose]: () => file.close(),
  };
}

/**
 * A new file that only the owner may read. One that is there is replaced: its mode and owner would stay, and a link may
 * lead anywhere. Pipes and character devices are written to as they are.
 */
function openPrivate(path: string): Deno.FsFile {
  try {
    const there = Deno.statSync(path);
    if (there.isFifo || there.isCharDevice) return Deno.openSync(path, { write: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  try {
    if (!Deno.lstatSync(path).isDirectory) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
}
