import assert from "node:assert/strict";
import { format } from "./format.ts";

/** Lines become a text; what every line is indented by is left out. */
function block(text: string): string {
  const lines = text.split("\n").slice(1, -1);
  const margin = Math.min(...lines.filter((l) => l.trim()).map((l) => l.length - l.trimStart().length));
  return lines.map((l) => l.slice(margin)).join("\n") + "\n";
}

async function formats(source: string, expected: string): Promise<void> {
  const { text, diagnostics } = await format(block(source));
  assert.deepEqual(diagnostics, []);
  assert.equal(text, block(expected));
  assert.equal((await format(text)).text, text, "formatting again changes nothing");
}

Deno.test("format() lays out stages one a line, parameters in columns, operators with single spaces", async () => {
  await formats(
    `
      recipe   r   "title"
      param tid:tid=0 "only this thread; 0 is all"
      param window :duration= 10s
      param kernel=true   "kernel frames too"

      param alone: int = 1 "x"
      let waits=collect proc.list(hz:99hz,kernel:$kernel) for $window|filter a+b*-c>(0) or not (x in(1,2))
        | aggregate count()as waits,p99( duration ) by start . args . comm,s.( tcp_sock ).x
          |top 10 by p99(duration)asc


      show waits as hist,other
      expect max(waits.p99)<7%3 tolerate 5% else "slow"
      let end = waits
    `,
    `
      recipe r "title"
      param tid: tid         = 0      "only this thread; 0 is all"
      param window: duration = 10s
      param kernel           = true   "kernel frames too"

      param alone: int = 1   "x"
      let waits = collect proc.list(hz: 99hz, kernel: $kernel) for $window
        | filter a + b * -c > (0) or not (x in (1, 2))
        | aggregate count() as waits, p99(duration) by start.args.comm, s.(tcp_sock).x
        | top 10 by p99(duration) asc

      show waits as hist, other
      expect max(waits.p99) < 7 % 3 tolerate 5% else "slow"
      let end = waits
    `,
  );
});

Deno.test("format() leaves a pipeline on one line that was written so and fits", async () => {
  await formats(
    `
      let a=collect proc.list|limit 5
      let b = a | filter some_long_name_of_a_column > 1000 | derive another_long_name = some_long_name_of_a_column | limit 5
      a
        | limit 1
    `,
    `
      let a = collect proc.list | limit 5
      let b = a | filter some_long_name_of_a_column > 1000 | derive another_long_name = some_long_name_of_a_column | limit 5
      a
        | limit 1
    `,
  );
  const wide =
    "let b = a | filter some_long_name_of_a_column > 1000 | derive another_long_name = some_long_name | top 5 by nn";
  await formats(`\n${wide}nnnnnnnnnnnnnn\n `, "\n" + wide.replaceAll(" |", "\n  |") + "nnnnnnnnnnnnnn\n ");
});

Deno.test("format() breaks at 120 columns: lists at commas, conditions before and / or, spans before -> and on", async () => {
  await formats(
    `
      let waits = collect span tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new -> tracepoint:sched:sched_switch on start.args.pid == end.args.next_pid for $window
        | aggregate count() by ip(args.skb.sk.__sk_common.skc_daddr) as peer, ntohs(args.skb.sk.__sk_common.skc_dport) as port, ksym(args.location) as dropped_in
        | filter a_long_name_of_a_column > 1000 and another_long_name_of_a_column > 1000 or comm in ("a_long_text", "another_text")
        | filter name in ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccccccccc")
      expect max(waits.p99_duration) < 50ms and count(waits) > 10 tolerate 5% else "Run-queue delay is over budget on this machine"
    `,
    `
      let waits = collect span tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new
          -> tracepoint:sched:sched_switch on start.args.pid == end.args.next_pid for $window
        | aggregate count() by ip(args.skb.sk.__sk_common.skc_daddr) as peer,
            ntohs(args.skb.sk.__sk_common.skc_dport) as port, ksym(args.location) as dropped_in
        | filter a_long_name_of_a_column > 1000 and another_long_name_of_a_column > 1000
            or comm in ("a_long_text", "another_text")
        | filter name in ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
            "cccccccccccccccccccccccccc")
      expect max(waits.p99_duration) < 50ms and count(waits) > 10 tolerate 5%
          else "Run-queue delay is over budget on this machine"
    `,
  );
});

Deno.test("format() keeps every comment: own lines, behind, inside pipelines and lists, at both ends of a block", async () => {
  await formats(
    `
      # first


      # second
      let a = collect x.y # source
          # between
        | select a, # one
            b # two
            , c
        # last
        | limit 5 # end
      when b.c > 1 # why
      {

        # own

        show a # behind
        # at the end

      } # closed
      else { # other
      }
      let bb = a # one
      let c = a   # two
      # the end
    `,
    `
      # first

      # second
      let a = collect x.y  # source
        # between
        | select a,  # one
            b,       # two
            c
        # last
        | limit 5  # end
      when b.c > 1 {  # why
        # own

        show a  # behind
        # at the end
      }  # closed
      else {  # other
      }
      let bb = a  # one
      let c = a   # two
      # the end
    `,
  );
});

Deno.test("format() opens blocks, and leaves empty ones closed", async () => {
  await formats(
    `
      when a.b>1{show a}else{when c.d>2{}}
      every 5s for 1m{alert "m" when a.b>1 for 3s with a,b}
    `,
    `
      when a.b > 1 {
        show a
      } else {
        when c.d > 2 {}
      }
      every 5s for 1m {
        alert "m" when a.b > 1 for 3s with a, b
      }
    `,
  );
});

Deno.test("format() drops semicolons, but where the next line would continue the statement", async () => {
  await formats(
    `
      show a;show b;
      expect a.b > 1;tolerate|limit 1
      let a = b;with|limit 1
      collect span x:a -> x:b ;on|limit 1
    `,
    `
      show a
      show b
      expect a.b > 1 ;
      tolerate | limit 1
      let a = b
      with | limit 1
      collect span x:a -> x:b ;
      on | limit 1
    `,
  );
});

Deno.test("format() keeps headers, and escapes what would end the comment that holds the recipe", async () => {
  const header = '#!/usr/bin/env -S deno run -A\nimport "sonde/run"; /*';
  assert.equal(
    (await format(`${header} show a\n  # see /sys/*/x\n\n\n*/`)).text,
    `${header}\n\nshow a\n# see /sys/*\\/x\n*/\n`,
  );
  assert.equal((await format(`${header}\n*/\n`)).text, `${header}\n\n*/\n`);
  assert.equal((await format(`#!/usr/bin/env -S sonde run\nshow   a`)).text, "#!/usr/bin/env -S sonde run\nshow a\n");
  assert.equal((await format("# see /sys/*/x\n")).text, "# see /sys/*/x\n");
});

Deno.test("format() changes nothing in a text with errors, and reports them where they stand", async () => {
  const source = 'import "sonde/run"; /*\nask "*/" with  | oops\n*/\n';
  const { text, diagnostics } = await format(source);
  assert.equal(text, source);
  assert.deepEqual(diagnostics.map((d) => [d.code, d.start.line, d.start.column]), [["header", 2, 6], [
    "syntax",
    2,
    16,
  ]]);
  assert.equal((await format('import "sonde/run"; /*\nshow   a\n')).text, 'import "sonde/run"; /*\nshow   a\n');
});

Deno.test("format() makes a text of nothing of nothing", async () => {
  for (const text of ["", "\n", " \r\n\t\n", "\uFEFF"]) {
    assert.deepEqual(await format(text), { text: "", diagnostics: [] });
  }
});

Deno.test("format() takes what is very long or nested as deeply as may be", async () => {
  const many = (text: string, n: number): string => Array(n).fill(text).join(", ");
  const sources = [
    `show ${many("a", 9_000)}`,
    `collect ${many("x:a", 9_000)} for 1s`,
    "# x\n".repeat(20_000),
    "show a # x\n".repeat(900),
    "param a = 1\n".repeat(900),
    "every 1s {".repeat(60) + "}".repeat(60),
    `expect ${"(".repeat(55)}1${")".repeat(55)} == ${Array(400).fill("1").join("+")}`,
  ];
  for (const source of sources) {
    const { text, diagnostics } = await format(source);
    assert.deepEqual(diagnostics, []);
    assert.equal((await format(text)).text, text);
  }
});
