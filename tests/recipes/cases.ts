import { CPU_CASES } from "./cpu_cases.ts";
import { DISK_CASES } from "./disk_cases.ts";
import { FILE_CASES } from "./file_cases.ts";
import { MACHINE_CASES } from "./machine_cases.ts";
import { MEMORY_CASES } from "./memory_cases.ts";
import { NETWORK_CASES } from "./network_cases.ts";
import { PROCESS_CASES } from "./process_cases.ts";
import type { RecipeCase } from "./recipe_case.ts";

/** One for each recipe that ships. */
export const RECIPE_CASES: readonly RecipeCase[] = [
  ...MACHINE_CASES,
  ...CPU_CASES,
  ...PROCESS_CASES,
  ...FILE_CASES,
  ...MEMORY_CASES,
  ...DISK_CASES,
  ...NETWORK_CASES,
];
