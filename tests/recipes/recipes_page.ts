/**
 * The tables of docs/recipes.md, made of what the recipes say of themselves: `deno run -A tests/recipes/recipes_page.ts
 * --write` puts them into the page; without, it says whether the page is up to date.
 */
import { fileURLToPath } from "node:url";

const RECIPES = fileURLToPath(new URL("../../recipes/", import.meta.url));
const PAGE = fileURLToPath(new URL("../../docs/recipes.md", import.meta.url));
const TABLES = /(<!-- recipes: begin[^\n]*-->\n)[\s\S]*?(<!-- recipes: end -->)/;

/** Which recipes stand together. */
const GROUPS: readonly (readonly [title: string, recipes: readonly string[]])[] = [
  ["The whole machine", ["use_sweep", "sixty_seconds", "pressure_watch", "noisy_neighbours", "throttled_cgroups"]],
  ["CPUs and the scheduler", [
    ...["cpu_by_process", "cpu_by_container", "cpu_hotspots", "run_queue_latency", "run_queue_slow", "sched_latency"],
    ...["off_cpu_by_reason", "off_cpu_stacks", "context_switches", "cpu_migrations", "wakeups", "timers"],
    ...["softirq_time", "interrupts", "kernel_work", "lock_contention"],
  ]],
  ["Processes", ["new_processes", "who_forks", "short_lived_processes", "blocked_tasks", "signals", "oom_kills"]],
  ["System calls and files", [
    ...[
      "syscalls_by_process",
      "syscall_count",
      "slow_syscalls",
      "syscall_errors",
      "opens",
      "failed_opens",
      "removed_files",
      "file_sync",
    ],
    ...["small_io", "futex_waits", "futex_contention", "polling_loops"],
  ]],
  ["Memory", [
    ...["top_memory", "memory_growth", "memory_allocations", "page_allocations", "fault_stacks", "page_fault_trace"],
    ...["major_faults", "page_cache_misses", "memory_reclaim"],
  ]],
  ["Disks", [
    ...["io_by_process", "disk_latency", "disk_latency_heatmap", "disk_outliers", "disk_sizes", "disk_pattern"],
    ...["page_writeback", "disk_io_latency"],
  ]],
  ["Network", [
    ...["network_throughput", "network_senders", "tcp_connects", "tcp_accepts", "tcp_lifetimes", "tcp_retransmits"],
    ...["tcp_resets", "tcp_latency", "dropped_packets", "name_lookups"],
  ]],
  ["Gates: checks with an exit code", ["pressure_gate", "latency_gate", "process_budget", "service_gate"]],
];

/** What the head of a recipe says. */
export interface RecipeHead {
  readonly title: string;
  readonly shows: string;
  readonly costs: string;
  readonly needs: string;
  readonly read: string;
  readonly bad: string;
}

/**
 * Reads the head of a recipe.
 *
 * @returns null when a part of it is missing
 */
export function headOf(text: string): RecipeHead | null {
  const found =
    /^recipe \w+ "(.+)"\n\n# Shows: ((?:.*\n# {3})*.*)\n# Costs: ((?:.*\n# {3})*.*)\n# Read: {2}((?:.*\n# {3})*.*)\n# Bad: {3}((?:.*\n# {3})*.*)\n\n/
      .exec(text);
  if (!found) return null;
  const [title, shows, costs, read, bad] = found.slice(1).map((part) => part.replace(/\n# {3}/g, " "));
  const needs = /^(.*\.) Needs (.+)\.$/.exec(costs);
  return needs && { title, shows, costs: needs[1], needs: needs[2], read, bad };
}

/** All tables and the reading of each recipe. */
function tables(): string {
  return GROUPS.map(([title, names]) => {
    const heads = names.map((name) => {
      const head = headOf(Deno.readTextFileSync(`${RECIPES}${name}.perf`));
      if (!head) throw new TypeError(`${name}.perf has no head`);
      return { name, ...head };
    });
    const rows = heads.map((h) => `| [${h.name}](../recipes/${h.name}.perf) | ${h.title} | ${h.needs} | ${h.costs} |`);
    const reading = heads.map((h) => `- **${h.name}**: ${h.read} _Bad:_ ${h.bad}`);
    return [
      `### ${title}\n`,
      "| recipe | question | needs | cost |",
      "| ------ | -------- | ----- | ---- |",
      ...rows,
      "\nHow to read them:\n",
      ...reading,
    ].join("\n");
  }).join("\n\n");
}

/** The page as it should be. */
export function recipesPage(): { readonly now: string; readonly shouldBe: string } {
  const now = Deno.readTextFileSync(PAGE);
  return { now, shouldBe: now.replace(TABLES, (_, begin, end) => `${begin}\n${tables()}\n\n${end}`) };
}

if (import.meta.main) {
  const { now, shouldBe } = recipesPage();
  if (Deno.args.includes("--write")) Deno.writeTextFileSync(PAGE, shouldBe);
  else if (now !== shouldBe) {
    console.error("docs/recipes.md is not up to date: deno run -A tests/recipes/recipes_page.ts --write");
    Deno.exit(1);
  }
}
