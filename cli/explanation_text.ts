import type { Field } from "../core/data/mod.ts";
import { formatDuration } from "../core/render/format_value.ts";
import type { ExplainedPipeline, ExplainedStep, Explanation } from "../dsl/mod.ts";

/** How a recipe would run, for people. Ends with a newline. */
export function explanationText(e: Explanation): string {
  const head = [e.recipe && `recipe ${e.recipe}`, e.title].filter(Boolean).join(": ");
  return [...(head ? [head] : []), ...stepLines(e.steps)].join("\n") + "\n";
}

function stepLines(steps: readonly ExplainedStep[]): string[] {
  let phase = 0;
  return steps.flatMap((step) => {
    switch (step.kind) {
      case "phase": {
        phase++;
        const windows = step.pipelines.map((p) => p.window_ns ?? 0);
        const longest = Math.max(...windows);
        const how = step.pipelines.length > 1 ? ": start together" : "";
        const title = `phase ${phase}${how}${longest > 0 ? `, ${formatDuration(longest)}` : ""}`;
        return [title, ...indented(step.pipelines.flatMap(pipelineLines))];
      }
      case "derived":
        return ["then", ...indented(pipelineLines(step.pipeline))];
      case "when":
        return [
          `when ${step.condition}`,
          ...indented(stepLines(step.then)),
          ...(step.otherwise.length > 0 ? ["else", ...indented(stepLines(step.otherwise))] : []),
        ];
      case "every":
        return [step.text, ...indented(stepLines(step.body))];
      case "statement":
        return [step.text];
    }
  });
}

function pipelineLines(p: ExplainedPipeline): string[] {
  const rows: [string, string][] = [["source", p.source]];
  rows.push(["window", p.window_ns === null ? "" : formatDuration(p.window_ns)]);
  if (p.engine !== null) rows.push(["engine", `${p.engine}, ${p.accuracy ?? "exact"}`]);
  rows.push(["there", p.pushed]);
  for (const [i, text] of p.local.entries()) rows.push([i === 0 ? "here" : "", text]);
  rows.push(["result", p.result === "table" ? p.fields.map(fieldText).join(", ") : `a ${p.result}`]);
  for (const [i, text] of p.details.entries()) rows.push([i === 0 ? "makes" : "", text]);
  for (const r of p.refused) rows.push(["refused", `${r.engine}: ${r.what}\n${r.reason}`]);
  if (p.problem !== "") rows.push(["problem", p.problem]);
  const lines = rows.filter(([, text]) => text !== "").flatMap(([name, text]) =>
    text.split("\n").map((line, i) => `${(i === 0 ? name : "").padEnd(8)}${line}`)
  );
  const code = p.bytecode === null ? [] : ["", ...p.bytecode.trimEnd().split("\n")];
  return [p.name, ...indented([...lines, ...code])];
}

function fieldText(f: Field): string {
  return `${f.name}: ${f.type}${f.type === "rate" && f.unit !== null ? ` (${f.unit})` : ""}`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => line === "" ? "" : `  ${line}`);
}
