import { Command, CommanderError, Option } from "commander";
import { EXIT } from "./exit_code.ts";
import { didYouMean, UsageError } from "../core/data/mod.ts";
import { parseDuration, parseHz, parseInteger, parsePid, parsePids, parseShare, parseSize } from "./arguments.ts";
import { VERSION } from "./version.ts";

/** Commander hands options over untyped; each command declares what it takes. */
// deno-lint-ignore no-explicit-any
type Options = any;

/** A parser of one option's text that commander calls. */
type OptionParser<T> = (text: string) => T;

const duration = (option: string): OptionParser<number> => (text) => parseDuration(text, option);
/** One process: a second one would take the place of the first unseen. */
const pid = (text: string, before?: number): number => {
  if (before !== undefined) throw new UsageError("--pid is given twice", "This command takes one process");
  return parsePid(text, "--pid");
};
const pids = (text: string, before: number[] = []): number[] => [...before, ...parsePids(text, "--pid")];
const size: OptionParser<number> = (text) => parseSize(text, "--stack-size", 512, 64512);
const hz: OptionParser<number> = (text) => parseHz(text, "--frequency");
const share: OptionParser<number> = (text) => parseShare(text, "--budget");
/** How often an option stands there. */
const times = (_: string, before: number): number => before + 1;
const list = (text: string, before: string[] = []): string[] => [...before, text];

/**
 * Commands run as `async (…arguments, options: Options) => exit code`; the code is set here. Options that stand before the
 * command's name (`sonde --json doctor`) count for it as well.
 */
function run<A extends unknown[]>(action: (...args: A) => Promise<number>): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.pop() as Command;
    const own = args.pop() as Record<string, unknown>;
    const above = command.parent?.opts() ?? {};
    for (const name of ["plugin", "json"]) {
      if (above[name] && !command.options.some((o) => o.long === `--${name}`)) {
        throw new UsageError(`"${command.name()}" has no option --${name}`, `See sonde ${command.name()} --help`);
      }
    }
    const options = {
      ...own,
      json: own.json ?? above.json,
      lang: command.parent?.getOptionValueSource("lang") === "cli" ? above.lang : own.lang,
      plugin: [...(above.plugin ?? []), ...((own.plugin as string[]) ?? [])],
    };
    Deno.exitCode = await action(...([...args, options] as unknown as A));
  };
}

/** The command line: names, options and help. What commands do is imported when they run. */
export function program(): Command {
  const sonde = new Command("sonde")
    .description("Why is this Linux machine slow?")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .enablePositionalOptions()
    .option("--plugin <file>", "add a plugin (repeatable)", list)
    .option("--json", "print JSON")
    .addOption(new Option("--lang <language>", "language of the report").choices(["en", "zh"]).default("en"))
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .exitOverride((error: CommanderError) => {
      // Help and version are asked for; the rest is wrong use.
      Deno.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
    })
    .showHelpAfterError("(sonde --help lists the commands)")
    .addHelpText("after", "\nWithout a command, sonde measures for up to 10 s and says what is wrong.\n");
  const command = (nameAndArgs: string, description: string): Command =>
    sonde.command(nameAndArgs).description(description).helpOption("-h, --help", "print this help")
      .showHelpAfterError(`(sonde ${nameAndArgs.split(" ")[0]} --help tells what it takes)`).allowExcessArguments(
        false,
      );
  const json = (c: Command): Command => c.option("--json", "print JSON");
  const plugin = (c: Command): Command => c.option("--plugin <file>", "add a plugin (repeatable)", list);

  sonde.allowExcessArguments(true).action(run(async (options: Options) => {
    if (sonde.args.length > 0) {
      const names = sonde.commands.map((c) => c.name());
      const near = didYouMean(sonde.args[0], names);
      throw new UsageError(`There is no command "${sonde.args[0]}"`, near || `There are: ${names.join(", ")}`);
    }
    const { diagnose } = await import("./commands/diagnose.ts");
    return diagnose("", { ...options, for: 10e9, short: !options.json });
  }));

  plugin(json(command("diagnose [question]", "find out why the machine is slow")))
    .option("-p, --pid <pid>", "only this process", pid)
    .addOption(
      new Option("--for <duration>", "measuring time in all, at most").argParser(duration("--for")).default(8e9, "8s"),
    )
    .addOption(
      new Option("--driver <name>", "who thinks").choices(["rules", "openai", "anthropic"]).default("rules"),
    )
    .option("--model <name>", "model of the driver")
    .option("--base-url <url>", "endpoint of the driver")
    .option("--html <file>", "write the report as one HTML page")
    .option("--record <file>", "record every tool call (.jsonl, .jsonl.zst)")
    .option("--full", "with --record: also call what the driver did not")
    .option("--from <file>", "answer tool calls from a recording")
    .addOption(new Option("--lang <language>", "language of the report").choices(["en", "zh"]).default("en"))
    .addOption(
      new Option("--fail-on <severity>", "exit 1 at this severity or worse").choices(["info", "warning", "critical"]),
    )
    .action(run(async (question: string | undefined, options: Options) => {
      const { diagnose } = await import("./commands/diagnose.ts");
      return diagnose(question ?? "", options);
    }));

  const runRecipe = plugin(json(command("run [file]", "run a recipe, or a one-liner with -e")))
    .option("-e, --expression <statements>", "statements to run")
    .option("--param <name=value>", "set a parameter of the recipe (repeatable)", list)
    .option("-o, --output <file>", "write the results to a file (.json, .csv, .txt, .svg, .folded)")
    .option("--engine <name>", "use this probe engine and no other")
    .option("--btf <file>", "type information of the kernel, where it has none of itself")
    .option("--budget <share>", "what probes may cost, of one CPU: 5%; over it they sample, then stop", share)
    .option("--watch <duration>", "run it again each such time, and redraw, until Ctrl-C", duration("--watch"))
    .option("--junit <file>", "write the outcome of its expectations as JUnit XML")
    .allowExcessArguments(false);
  // With a recipe, help is about that as well, and has to compile it.
  runRecipe.helpOption(false).option("-h, --help", "print this help, and with a recipe what that is and takes")
    .action(run(async (file: string | undefined, { help, ...options }: Options) => {
      const { runCommand, runHelp } = await import("./commands/run.ts");
      return help ? runHelp(file, options, runRecipe.helpInformation()) : runCommand(file, options);
    }));

  plugin(json(command("check <files...>", "check recipes without running them")))
    .action(run(async (files: string[], options: Options) => {
      const { check } = await import("./commands/check.ts");
      return check(files, options);
    }));

  command("fmt <files...>", "lay recipes out, in place (-: standard input to standard output)")
    .option("--check", "change nothing; exit 1 and name the files that would change")
    .action(run(async (files: string[], options: Options) => {
      const { fmt } = await import("./commands/fmt.ts");
      return fmt(files, options);
    }));

  plugin(
    json(command("explain [file]", "say how a recipe would run: engines, what they do, results; -e for a one-liner")),
  )
    .option("-e, --expression <statements>", "statements to explain")
    .option("--param <name=value>", "set a parameter of the recipe (repeatable)", list)
    .option("--bytecode", "with the programs that would run in the kernel")
    .option("--engine <name>", "ask this probe engine and no other")
    .option("--btf <file>", "type information of the kernel, where it has none of itself")
    .action(run(async (file: string | undefined, options: Options) => {
      const { explainCommand } = await import("./commands/explain.ts");
      return explainCommand(file, options);
    }));

  command("header <file>", "print a recipe with the header that lets deno run it anywhere")
    .action(run(async (file: string) => {
      const { header } = await import("./commands/header.ts");
      return header(file);
    }));

  plugin(command("lsp", "serve editors: the Language Server Protocol over standard input and output"))
    .option("--stdio", "as it always is; editors may say so")
    .action(run(async (options: Options) => {
      const { lsp } = await import("./commands/lsp.ts");
      return lsp(options);
    }));

  plugin(
    json(
      command("list [kind] [pattern]", "list collectors, tools, recipes, stages, aggregations, functions or probes"),
    ),
  )
    .option("-v, --verbose", "with fields, types and units")
    .action(run(async (kind: string | undefined, pattern: string | undefined, options: Options) => {
      const { listCommand } = await import("./commands/list.ts");
      return listCommand(kind, pattern, options);
    }));

  plugin(json(command("tools", "list the tools that the agent may call")))
    .action(run(async (options: Options) => {
      const { listCommand } = await import("./commands/list.ts");
      return listCommand("tools", undefined, { ...options, verbose: true });
    }));

  plugin(json(command("tool <name> [arguments]", "call a tool; arguments are a JSON object")))
    .option("-o, --output <file>", "write the results to a file (.json, .csv, .txt, .svg, .folded)")
    .action(run(async (name: string, args: string | undefined, options: Options) => {
      const { toolCommand } = await import("./commands/tool.ts");
      return toolCommand(name, args, options);
    }));

  json(command("top", "processes by CPU and memory, live"))
    .option("-n, --count <rounds>", "stop after this many rounds", (t) => parseInteger(t, "-n", 1, 1e6))
    .addOption(
      new Option("-d, --interval <duration>", "time between rounds").argParser(duration("--interval")).default(
        1e9,
        "1s",
      ),
    )
    .addOption(new Option("--sort <by>", "order").choices(["cpu", "memory", "pid", "name"]).default("cpu"))
    .action(run(async (options: Options) => {
      const { top } = await import("./commands/top.ts");
      return top(options);
    }));

  json(command("profile [command...]", "sample what runs on the CPUs"))
    .option("-p, --pid <pids>", "only these processes and their children (12 or 12,15; repeatable)", pids)
    .option("-a, --all", "all processes (the default)")
    .option("--cgroup <path>", "only tasks of this cgroup and of those below it, as in /proc/PID/cgroup")
    .option("-d, --for <duration>", "how long", duration("--for"))
    .option("-F, --frequency <hz>", "samples a second and CPU, 1 to 10000", hz, 99)
    .addOption(
      new Option("--unwind <method>", "how callers in user code are found").choices(["auto", "fp", "dwarf", "lbr"])
        .default("auto"),
    )
    .addOption(
      new Option("--sampler <name>", "who takes samples (default: what works best here)")
        .choices(["perf", "bpf", "ptrace", "signal"]),
    )
    .option("--stack-size <bytes>", "user stack that a sample copies, up to 63K", size)
    .option("--no-kernel", "leave kernel frames out")
    .option("--lines", "each source line that ran is a frame of its own: function file:line")
    .option("--no-inline", "leave inlined functions out: debugging information is not read for them")
    .option("--budget <share>", "what sampling may cost, of one CPU: 5%; over it fewer samples are taken", share)
    .option("--timeline", "keep when each sample was taken (as a file that shows it does anyway)")
    .option("-o, --output <file>", "write the profile (.svg, .html, .folded, .json, …)")
    .usage("[options] [-- command...]")
    .action(run(async (words: string[], options: Options) => {
      const { profileCommand } = await import("./commands/profile.ts");
      return profileCommand(words, options);
    }));

  json(command("offcpu [command...]", "tell when threads are off the CPU: why, where in the code, and who ends it"))
    .option("-p, --pid <pid>", "only this process and the children that it makes", pid)
    .option("-a, --all", "all processes (the default)")
    .option("--cgroup <path>", "only processes of this cgroup and of those below it, as in /proc/PID/cgroup")
    .option("-d, --for <duration>", "how long", duration("--for"))
    .addOption(
      new Option("--min-block <duration>", "shorter times are only summed up").argParser(duration("--min-block"))
        .default(1e6, "1ms"),
    )
    .option("--wall", "the profile is of all time: CPU samples beside what is off the CPU")
    .option("--wakers", "the profile goes on to who ended the waits")
    .addOption(
      new Option("--unwind <method>", "how callers in user code are found").choices(["auto", "fp", "dwarf"])
        .default("auto"),
    )
    .addOption(
      new Option("--engine <name>", "who measures (default: what works best here)")
        .choices(["bpf", "probe", "polling"]),
    )
    .option("--top <rows>", "most rows of a table", (t) => parseInteger(t, "--top", 1, 1e6), 100)
    .option("-o, --output <file>", "write the profile (.svg, .html, .folded, …), or all of it (.json, .csv, .txt)")
    .usage("[options] [-- command...]")
    .action(run(async (words: string[], options: Options) => {
      const { offCpuCommand } = await import("./commands/offcpu.ts");
      return offCpuCommand(words, options);
    }));

  json(
    command(
      "calls [target...]",
      "how often and for how long functions are called: kernel:F, user:PATH:F, syscall:NAME",
    ),
  )
    .option("-p, --pid <pid>", "only this process", pid)
    .option("-d, --for <duration>", "how long (5s; with a command until it ends)", duration("--for"))
    .option("--top <rows>", "most rows of a table on the terminal", (t) => parseInteger(t, "--top", 1, 1e6), 20)
    .option(
      "--slowest <calls>",
      "how many of the slowest calls are listed",
      (t) => parseInteger(t, "--slowest", 0, 1e4),
      10,
    )
    .addOption(
      new Option("--min <duration>", "list none among the slowest that is shorter").argParser(duration("--min"))
        .default(
          0,
          "0",
        ),
    )
    .option("--errors", "only calls that fail")
    .option("--stacks", "stacks frame by frame, and times summed up by stack (-o FILE.svg, .html)")
    .addOption(
      new Option("--attach <way>", "how kernel functions are attached to (default: the best here)")
        .choices(["fentry", "kprobe"]),
    )
    .option("--engine <name>", "use this probe engine and no other")
    .option("-o, --output <file>", "write the results (.json, .csv, .txt), or times by stack (.svg, .html, .folded)")
    .usage("[options] <target...> [-- command...]")
    .action(run(async (words: string[], options: Options) => {
      const { callsCommand } = await import("./commands/calls.ts");
      const at = Deno.args.indexOf("--");
      const command = at < 0 ? [] : Deno.args.slice(at + 1);
      return callsCommand(words.slice(0, words.length - command.length), command, options);
    }));

  json(
    command("analyze [name]", "run one of the analyzers: tcp_latency, disk_io_latency, lock_contention, …; none: list"),
  )
    .option("-p, --pid <pid>", "only this process", pid)
    .addOption(new Option("-d, --for <duration>", "how long").argParser(duration("--for")).default(10e9, "10s"))
    .addOption(
      new Option("--mechanism <name>", "what measures (default: what works best here)")
        .choices(["auto", "libbpf", "recipe", "proc"]).default("auto"),
    )
    .option("--top <rows>", "most rows of a table on the terminal", (t) => parseInteger(t, "--top", 1, 1e6), 20)
    .option("-o, --output <file>", "write the results (.json, .csv, .txt, .svg, .html)")
    .action(run(async (name: string | undefined, options: Options) => {
      const { analyzeCommand } = await import("./commands/analyze.ts");
      return analyzeCommand(name, options);
    }));

  json(command("strace [command...]", "trace the system calls of a command, or of processes"))
    .option("-p, --pid <pids>", "attach to these (12 or 12,15; repeatable)", pids)
    .option("-f, --follow", "children and threads as well")
    .option(
      "-e, --expression <what>",
      "trace=open,%file,!close,/REGEX or signal=SIGINT,none (repeatable); with -f, a command is not stopped at other calls",
      list,
    )
    .option("-c, --count", "only a summary: calls, errors and time of each system call")
    .option("-C, --summary", "the summary behind the lines")
    .option("-w, --wall", "the summary's time is that from entry to exit, not the system CPU time")
    .addOption(
      new Option("--sort <by>", "order of the summary").choices(["time", "calls", "errors", "name"]).default("time"),
    )
    .option("-T, --durations", "the time that each call took")
    .option("-t, --time", "the time of day before each line; -tt: with microseconds; -ttt: since 1970", times, 0)
    .option("-r, --relative", "the time since the line before")
    .option("-y, --paths", "paths of descriptors")
    .option("-s, --string-size <bytes>", "longest string shown", (t) => parseInteger(t, "-s", 0, 65535), 32)
    .option("-o, --output <file>", "write to a file, not to standard error")
    .option("-q, --quiet", "do not tell of processes that are attached to; -qq: nor of exits", times, 0)
    .option("-d, --for <duration>", "end after so long", duration("--for"))
    .option("--bpf", "a summary by programs in the kernel, which stop nothing; children as well; time is that of -w")
    .option("--count-instructions", "count the command's instructions, stopping it after each: very slow")
    .option("--no-seccomp", "stop the command at every call, whatever -e says")
    .usage("[options] [--] [command...]")
    .passThroughOptions()
    .action(run(async (words: string[], options: Options) => {
      const { strace } = await import("./commands/strace.ts");
      return strace(words, options);
    }));

  json(command("ftrace <words...>", "count or time calls of kernel functions (ftrace): sonde ftrace 'vfs_*' --graph"))
    .option("-g, --graph", "time the calls (function_graph) instead of counting them by caller")
    .option(
      "--depth <levels>",
      "with --graph: also what they call, so many levels deep",
      (t) => parseInteger(t, "--depth", 1, 50),
    )
    .option("--callees <pattern>", "with --depth: only callees of this name (repeatable)", list)
    .option("--print", "with --graph: print each call as it happens, indented")
    .option("-p, --pid <pid>", "only this process and the children that it makes", pid)
    .addOption(new Option("-d, --for <duration>", "how long (default: 5s, or until the command ends)").argParser(
      duration("--for"),
    ))
    .option("--top <rows>", "most rows of a table on the terminal", (t) => parseInteger(t, "--top", 1, 1e6), 40)
    .option("-o, --output <file>", "write the results (.json, .csv, .txt)")
    .usage("<function...> [options] [-- command...]")
    .action(run(async (words: string[], options: Options) => {
      const { ftraceCommand } = await import("./commands/ftrace.ts");
      return ftraceCommand(words, options);
    }));

  json(command("stat [command...]", "count events of the processor and the kernel"))
    .option(
      "-e, --event <list>",
      "events: cycles,{instructions,branches},page-faults:u,sched:sched_switch,pmu/event/,rNNN",
    )
    .option("-p, --pid <pid>", "only this process and its children", pid)
    .option("-a, --all", "all CPUs (the default)")
    .option("-d, --for <duration>", "how long", duration("--for"))
    .option("-I, --every <duration>", "also tell the counts of each such time", duration("--every"))
    .option(
      "-r, --repeat <runs>",
      "run the command so often; tell mean and deviation",
      (t) => parseInteger(t, "-r", 1, 1000),
    )
    .option("-o, --output <file>", "write the counts (.json, .csv, .txt)")
    .usage("[options] [-- command...]")
    .action(run(async (words: string[], options: Options) => {
      const { stat } = await import("./commands/stat.ts");
      return stat(words, options);
    }));

  json(
    command(
      "import <files...>",
      "read profiles of other tools (perf script, folded, speedscope, …; -: standard input)",
    ),
  )
    .option("--format <name>", "the files' format, where how they begin does not tell it")
    .option("-o, --output <file>", "write the profile; its ending chooses the format")
    .option("--timeline", "keep when each sample was taken, where the files tell it")
    .option("--branches", "of perf.data: the branches that were recorded (perf record -b) as a table")
    .action(run(async (files: string[], options: Options) => {
      const { importCommand } = await import("./commands/import.ts");
      return importCommand(files, options);
    }));

  command("export <file>", "turn a profile of one format into one of another (-: standard input)")
    .requiredOption("-o, --output <file>", "where to; its ending chooses the format (-: standard output)")
    .option("--format <name>", "write this format, whatever the ending")
    .option("--from <name>", "the file's format, where how it begins does not tell it")
    .option("--sample-type <type>", "what to count, by name or number, in formats that hold one")
    .option("--timeline", "keep when each sample was taken, where the file tells it")
    .option("--title <text>", "heading, in formats that have one")
    .action(run(async (file: string, options: Options) => {
      const { exportCommand } = await import("./commands/export.ts");
      return exportCommand(file, options);
    }));

  command(
    "flamegraph [file]",
    "draw a profile of any format as an interactive SVG or page (- or nothing: standard input)",
  )
    .option("-o, --output <file>", "where to: .svg, .html (default: an SVG on standard output)")
    .option("--icicle", "with the root at the top")
    .option("--heatmap", "samples by second and offset within it, where the profile tells their times")
    .addOption(new Option("--colors <by>", "what colours mean").choices(["kind", "module", "offcpu", "self"]))
    .option("--sample-type <type>", "what to count, by name or number")
    .option("--format <name>", "the file's format, where how it begins does not tell it")
    .option("--title <text>", "heading")
    .action(run(async (file: string | undefined, options: Options) => {
      const { flamegraph } = await import("./commands/flamegraph.ts");
      return flamegraph(file, options);
    }));

  json(command("diff <before> <after>", "compare two profiles, function by function (-: standard input)"))
    .option("-o, --output <file>", "write it: .svg, .html (pictures), .json, .csv, .txt")
    .addOption(
      new Option("--normalize [by]", "compare shares of the totals, or amounts by time; none: as counted").choices([
        "share",
        "time",
        "none",
      ]),
    )
    .addOption(
      new Option("--width <side>", "widths of an SVG; what is gone is seen in the last two").choices([
        "after",
        "before",
        "both",
      ]),
    )
    .option("--icicle", "with the root at the top")
    .option("--sample-type <type>", "what to count, by name")
    .option("-n, --limit <rows>", "rows of the table", (t) => parseInteger(t, "-n", 1, 1e6))
    .option("--title <text>", "heading of a picture")
    .action(run(async (before: string, after: string, options: Options) => {
      const { diffCommand } = await import("./commands/diff.ts");
      return diffCommand(before, after, options);
    }));

  json(command("doctor", "what works here, what does not, why, and what to do"))
    .option("--clean", "remove what killed runs left behind in tracefs, and say what it was")
    .action(run(async (options: Options) => {
      const { doctor } = await import("./commands/doctor.ts");
      return doctor(options);
    }));

  return sonde;
}
