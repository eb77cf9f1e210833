import { UsageError } from "../../core/data/mod.ts";
import { EXIT } from "../exit_code.ts";
import { printBytes, warn, writeFile } from "../output.ts";
import { profileFile, writableFormat } from "../profile_file.ts";
import { terminalProgress } from "../progress.ts";
import { readProfile } from "../read_profile.ts";
import { sampleTypeIndex } from "../sample_type.ts";
import { showsTime } from "../show_profile.ts";

/** Options of `sonde export`. */
export interface ExportOptions {
  /** Where to; `-` is standard output. */
  readonly output: string;
  /** Format to write, where the ending does not say it. */
  readonly format?: string;
  /** Format to read, where the beginning does not say it. */
  readonly from?: string;
  /** Number or name. */
  readonly sampleType?: string;
  readonly timeline?: boolean;
  readonly title?: string;
}

/** Turns a profile of one format into one of another. */
export async function exportCommand(file: string, options: ExportOptions): Promise<number> {
  if (options.output === "-" && options.format === undefined) {
    throw new UsageError("Standard output has no ending that names a format", "--format NAME says it");
  }
  const { name } = await writableFormat(options.output, options.format);
  const progress = terminalProgress();
  const timeline = options.timeline ?? (showsTime(options.output) || ["firefox", "chrome-trace"].includes(name));
  const read = { timeline, progress, ...options.from ? { format: options.from } : {} };
  const profile = await readProfile(file, read);
  const title = options.title ?? (file === "-" ? "standard input" : file.slice(file.lastIndexOf("/") + 1));
  const sampleType = sampleTypeIndex(profile, options.sampleType);
  const write = { title, ...sampleType === undefined ? {} : { sampleType } };
  const bytes = await profileFile(profile, options.output, write, options.format);
  if (options.output === "-") {
    printBytes(bytes);
    return EXIT.ok;
  }
  writeFile(options.output, bytes);
  warn(`Wrote ${options.output}`);
  return EXIT.ok;
}
