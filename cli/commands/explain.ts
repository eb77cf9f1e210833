import type { Json } from "../../core/data/mod.ts";
import { explainPlan } from "../../dsl/mod.ts";
import { askEngines } from "../engines.ts";
import { EXIT } from "../exit_code.ts";
import { explanationText } from "../explanation_text.ts";
import { print } from "../output.ts";
import { compileRecipe, readParams } from "../run_recipe.ts";
import { openSession } from "../session.ts";
import { recipeOf } from "./run.ts";

/** Options of `sonde explain`. */
export interface ExplainOptions {
  readonly expression?: string;
  readonly param?: readonly string[];
  readonly bytecode?: boolean;
  readonly json?: boolean;
  readonly plugin: readonly string[];
  readonly engine?: string;
  readonly btf?: string;
}

/** Says how a recipe would run on this machine. Nothing is attached. */
export async function explainCommand(file: string | undefined, options: ExplainOptions): Promise<number> {
  const { text, name } = await recipeOf(file, options.expression);
  const params = readParams(options.param ?? []);
  const session = await openSession(options.plugin, () => {}, { btf: options.btf });
  const plan = await compileRecipe(text, name, session);
  if (!plan) return EXIT.usage;
  const services = {
    collector: session.registry.collector,
    askEngines: (spec: Parameters<typeof askEngines>[1]) => askEngines(session.host, spec, options.engine),
  };
  const explanation = await explainPlan(plan, services, params, options.bytecode);
  if (options.json) {
    const json: Json = { schema: 1, ...explanation } as unknown as Json;
    print(JSON.stringify(json, null, 2) + "\n");
  } else print(explanationText(explanation));
  return EXIT.ok;
}
