import { UsageError } from "../../core/data/mod.ts";
import { checkToolArgs } from "../../core/agent/tool_args.ts";
import { openSession } from "../session.ts";
import { terminalProgress } from "../progress.ts";
import { checkOutput, showResults } from "../show_results.ts";

/** Calls one tool by hand: the same checks and the same results as for the agent. */
export async function toolCommand(
  name: string,
  argsText: string | undefined,
  options: { json?: boolean; output?: string; plugin: string[]; lang?: "en" | "zh" },
): Promise<number> {
  await checkOutput(options.output);
  let args: Record<string, unknown> = {};
  if (argsText !== undefined) {
    try {
      args = JSON.parse(argsText);
    } catch (error) {
      throw new UsageError(`The arguments are no JSON: ${(error as Error).message}`, `Write '{"pid": 1}'`);
    }
    if (typeof args !== "object" || args === null || Array.isArray(args)) {
      throw new UsageError("The arguments are no JSON object", `Write '{"pid": 1}'`);
    }
  }
  const progress = terminalProgress();
  const session = await openSession(options.plugin, (text) => progress.show(text));
  const tool = await session.registry.tool(name);
  const checked = checkToolArgs(tool, args);
  if (!checked.ok) throw new UsageError(`${name}: ${checked.error}`, "See sonde tools");
  progress.show(`${name} …`);
  try {
    const results = await tool.run(checked.args, session.context);
    progress.clear();
    await showResults(results, { tool: name, args: checked.args as never }, options);
  } finally {
    progress.clear();
  }
  return 0;
}
