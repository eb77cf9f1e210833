import {
  type Diagnosis,
  errorText,
  GoneError,
  SEVERITIES,
  type Severity,
  UnsupportedError,
  UsageError,
} from "../../core/data/mod.ts";
import type { Tool } from "../../core/plugin_api/mod.ts";
import type { RecordingHeader } from "../../core/store/mod.ts";
import type { AgentDriver, CallSink, MadeCall, Replay } from "../../core/agent/mod.ts";
import { investigate } from "../../core/agent/mod.ts";
import { ownCpuNs } from "../../core/sys/mod.ts";
import { EXIT, reportError } from "../exit_code.ts";
import { openSession, type Session } from "../session.ts";
import { print, warn, writeFile } from "../output.ts";
import { terminalProgress } from "../progress.ts";
import { renderOptions } from "../render_options.ts";

/** Options of `sonde diagnose`. */
export interface DiagnoseOptions {
  readonly json?: boolean;
  /** Measuring time in all, ns. */
  readonly for: number;
  readonly pid?: number;
  readonly driver?: "rules" | "openai" | "anthropic";
  readonly model?: string;
  readonly baseUrl?: string;
  readonly html?: string;
  readonly record?: string;
  readonly full?: boolean;
  readonly from?: string;
  readonly lang?: "en" | "zh";
  readonly failOn?: Severity;
  readonly plugin?: string[];
  /** The form of the bare command: matrix and verdict. */
  readonly short?: boolean;
}

/** Finds out why the machine is slow, and says it. */
export async function diagnose(question: string, options: DiagnoseOptions): Promise<number> {
  if (options.full && !options.record) throw new UsageError("--full is for recordings", "Add --record FILE");
  const progress = terminalProgress();
  const session = await openSession(options.plugin, (text) => progress.show(text));
  if (options.pid !== undefined && !options.from && session.host.processStat(options.pid) === null) {
    throw new GoneError(`There is no process ${options.pid}`);
  }
  const live = await liveTools(session);
  const replay = options.from ? await recordedTools(options.from, live) : undefined;
  const driver = await driverOf(options);
  const asked = {
    pid: options.pid ?? replay?.asked?.pid ?? 0,
    question: question || (replay?.asked?.question ?? ""),
  };
  const recorder = options.record ? await openRecorder(options.record, session, asked) : undefined;
  let problem: unknown;
  const { diagnosis: found, calls } = await investigate({
    tools: replay?.tools ?? live,
    clock: replay?.clock,
    driver,
    ...asked,
    measureNs: options.for,
    // A model needs longer to think than rules do.
    thinkNs: options.driver === undefined || options.driver === "rules" ? 10e9 : 120e9,
    lang: options.lang,
    full: options.full,
    signal: session.context.signal,
    recorder,
    onEvent(event) {
      if (event.kind === "round") progress.show(`round ${event.round}: ${event.thought}`);
      else if (event.kind === "progress") progress.show(event.text);
    },
  });
  progress.clear();
  const diagnosis = replay ? found : withOwnCost(found);
  // Whatever goes wrong while writing, the diagnosis itself is still told.
  try {
    recorder?.finish(diagnosis);
  } catch (error) {
    problem = error;
  }
  if (options.json) print(JSON.stringify(diagnosis, null, 2) + "\n");
  else {
    const { renderDiagnosis } = await import("../../core/render/terminal/diagnosis.ts");
    print(renderDiagnosis(diagnosis, { ...renderOptions(options.lang), short: options.short }));
  }
  if (options.html) {
    try {
      await writeReport(options.html, diagnosis, calls, options.lang ?? "en");
    } catch (error) {
      problem = error;
    }
  }
  if (problem !== undefined) return reportError(problem);
  if (options.failOn && SEVERITIES.indexOf(diagnosis.severity) >= SEVERITIES.indexOf(options.failOn)) {
    return EXIT.failed;
  }
  return EXIT.ok;
}

/** The cost of all of it, start-up and thinking included: calls overlap, so that theirs cannot be added up. */
function withOwnCost(diagnosis: Diagnosis): Diagnosis {
  const cpu_ns = ownCpuNs();
  const duration_ns = Math.round(performance.now() * 1e6);
  const { probe_ns, estimated } = diagnosis.quality.cost;
  const cost = { cpu_ns, probe_ns, ratio: (cpu_ns + probe_ns) / duration_ns, estimated };
  return { ...diagnosis, quality: { ...diagnosis.quality, duration_ns, cost } };
}

async function liveTools(session: Session): Promise<Tool[]> {
  return await Promise.all(session.registry.tools().map((t) => session.registry.tool(t.name)));
}

async function recordedTools(path: string, known: readonly Tool[]): Promise<Replay & Pick<RecordingHeader, "asked">> {
  const { readRecording } = await import("../../core/store/mod.ts");
  const { replayTools } = await import("../../core/agent/mod.ts");
  const recording = await readRecording(path).catch((error) => {
    throw new UsageError(`Cannot read the recording "${path}": ${errorText(error)}`);
  });
  if (recording.truncated) warn(`${path} ends in the middle of a line: what is whole is used`);
  return { ...replayTools(recording, known), asked: recording.header.asked };
}

async function driverOf(options: DiagnoseOptions): Promise<AgentDriver | undefined> {
  switch (options.driver) {
    case "openai": {
      const { openaiDriver } = await import("../../core/agent/drivers/openai.ts");
      return openaiDriver({ model: options.model, baseUrl: options.baseUrl });
    }
    case "anthropic": {
      const { anthropicDriver } = await import("../../core/agent/drivers/anthropic.ts");
      return anthropicDriver({ model: options.model, baseUrl: options.baseUrl });
    }
    default:
      return undefined;
  }
}

/** Records calls as they come, and the diagnosis at the end. */
interface Recorder extends CallSink {
  finish(diagnosis: Diagnosis): void;
}

async function openRecorder(
  path: string,
  session: Session,
  asked: { readonly pid: number; readonly question: string },
): Promise<Recorder> {
  const { openRecording } = await import("../../core/store/mod.ts");
  const { release } = session.host.features();
  const recording = writable(() => openRecording(path, { version: session.api.version, machine: { release }, asked }));
  let problem: unknown;
  return {
    appendCall(call, results) {
      try {
        writable(() => recording.appendCall(call, results));
      } catch (error) {
        // The investigation goes on, and its report says that the recording is not whole.
        problem ??= error;
        throw error;
      }
    },
    finish(diagnosis) {
      try {
        writable(() => recording.appendDiagnosis(diagnosis));
        if (problem !== undefined) throw problem;
      } finally {
        recording[Symbol.dispose]();
      }
    },
  };
}

/** Runs what writes the recording; a disk that is full or a place that is closed is no defect of ours. */
function writable<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new UnsupportedError(errorText(error), "Make room, or choose another place", { cause: error });
  }
}

async function writeReport(
  path: string,
  diagnosis: Diagnosis,
  calls: readonly MadeCall[],
  lang: "en" | "zh",
): Promise<void> {
  const { reportHtml } = await import("../../core/render/mod.ts");
  // A call that failed has no results, but its error is part of the story.
  const shown = calls.map(({ record, results }) => ({ record, results: results ?? {} }));
  writeFile(
    path,
    reportHtml({ diagnosis, calls: shown, lang, subject: `${Deno.hostname()}, ${new Date().toISOString()}` }),
    // Command lines of other users' processes are in it.
    0o600,
  );
  warn(`Wrote ${path}`);
}
