/** How an investigation ends. @module */
import type { Plugin, SondeApi } from "../../core/plugin_api/mod.ts";

export default function diagnosis(sonde: SondeApi): Plugin {
  return {
    name: "diagnosis",
    version: "1.0.0",
    doc: "The report that ends an investigation",
    tools: [{
      name: "generate_diagnosis_report",
      description:
        "Ends the investigation with a structured report. Every entry of evidence starts with the id of an evidence item " +
        "in brackets. Recommendations name the function, the process or the setting.",
      params: {
        severity: { type: "string", enum: ["info", "warning", "critical"], description: "How bad it is" },
        bottleneck_type: {
          type: "string",
          enum: [
            "cpu_bound",
            "memory_bound",
            "io_bound",
            "network_bound",
            "gpu_bound",
            "lock_contention",
            "scheduler",
            "unknown",
          ],
          description: "What the machine is short of; unknown when nothing is or it cannot be told",
        },
        root_cause: { type: "string", description: "The cause, in one or two sentences" },
        evidence: { type: "array", items: { type: "string" }, description: "What was measured that shows it" },
        recommendations: { type: "array", items: { type: "string" }, description: "What to do, concretely" },
      },
      required: ["severity", "bottleneck_type", "root_cause", "evidence", "recommendations"],
      effect: "read",
      timed: false,
      // deno-lint-ignore require-await -- the interface is asynchronous, this tool only writes text
      async run(args) {
        const list = (items: unknown): string => (items as string[]).map((x) => `- ${x}`).join("\n");
        const text =
          `${args.severity}: ${args.bottleneck_type}\n${args.root_cause}\n\nEvidence\n${list(args.evidence)}` +
          `\n\nRecommendations\n${list(args.recommendations)}\n`;
        return { report: { kind: "text", text, quality: sonde.data.quality() } };
      },
    }],
  };
}
