import assert from "node:assert/strict";
import { sonde } from "./sonde.ts";

/** Runs in a folder with two profiles as folded text. */
async function withProfiles(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.folded`, "main;work;hot 400\nmain;work 100\nmain;gone 60\n");
    await Deno.writeTextFile(`${folder}/b.folded`, "main;work;hot 400\nmain;work 330\nmain;fresh 1\n");
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("sonde diff shows what changed with intervals, marks noise, and says that shares are compared", async () => {
  await withProfiles(async (folder) => {
    const { code, out } = await sonde(["diff", `${folder}/a.folded`, `${folder}/b.folded`]);
    assert.equal(code, 0);
    const lines = out.split("\n");
    assert.match(lines[1], /17\.9 % +45\.1 % +\+27\.3 +\+22\.\d … \+32\.\d .* work$/);
    assert.match(lines[2], /71\.4 % +54\.7 % +−16\.7 +−2\d\.\d … −1\d\.\d .* hot$/);
    assert.match(out, /~\+0\.14 .* fresh/);
    assert.match(out, /Shares of all: before 560 samples, after 731 samples/);
    const counted = await sonde(["diff", `${folder}/a.folded`, `${folder}/b.folded`, "--normalize", "none", "-n", "1"]);
    assert.match(counted.out, /100 +330 +\+230 .* work\n/);
  });
});

Deno.test("sonde diff -o writes SVG, page, JSON and CSV by ending", async () => {
  await withProfiles(async (folder) => {
    const [a, b] = [`${folder}/a.folded`, `${folder}/b.folded`];
    for (const ending of ["svg", "html", "json", "csv"]) {
      const { code, out, err } = await sonde(["diff", a, b, "-o", `${folder}/d.${ending}`]);
      assert.deepEqual([code, out, err], [0, "", `Wrote ${folder}/d.${ending}\n`]);
    }
    const svg = await Deno.readTextFile(`${folder}/d.svg`);
    assert.match(svg, /class="f more\d"/);
    assert.match(svg, /Shares of all: before 560 samples, after 731 samples/);
    assert.match(await Deno.readTextFile(`${folder}/d.html`), /id="panel-diff"/);
    const { compared, results } = JSON.parse(await Deno.readTextFile(`${folder}/d.json`));
    assert.deepEqual(compared, {
      by: "share",
      sample_type: "samples",
      unit: "count",
      total: [560, 731],
      samples: [560, 731],
    });
    assert.equal(results.diff.rows.length, 5);
    assert.equal((await Deno.readTextFile(`${folder}/d.csv`)).trim().split("\n").length, 6);
  });
});

Deno.test("sonde diff and flamegraph refuse what they cannot do, with a hint", async () => {
  await withProfiles(async (folder) => {
    const [a, b] = [`${folder}/a.folded`, `${folder}/b.folded`];
    const cases: [string[], RegExp][] = [
      [["diff", a, b, "--normalize", "time"], /do not tell how long they measured/],
      [["diff", a, b, "-o", "x.png"], /written as \.svg, \.html/],
      [["diff", a, b, "--sample-type", "bytes"], /no sample type "bytes" in common/],
      [["diff", "-", "-"], /can be read once/],
      [["flamegraph", a, "--heatmap"], /does not tell when its samples were taken/],
      [["flamegraph", a, "--sample-type", "7"], /no sample type "7"/],
      [["flamegraph", a, "-o", "x.png"], /written as \.svg or \.html/],
    ];
    for (const [args, message] of cases) {
      const { code, err } = await sonde(args);
      assert.equal(code, 2, args.join(" "));
      assert.match(err, message);
    }
  });
});

Deno.test("sonde flamegraph draws any format as SVG, icicle or page; two values a line are a comparison", async () => {
  await withProfiles(async (folder) => {
    const a = `${folder}/a.folded`;
    const plain = await sonde(["flamegraph", a]);
    assert.match(plain.out, /^<\?xml .*<svg .*560 samples/s);
    assert.notEqual((await sonde(["flamegraph", a, "--icicle"])).out, plain.out);
    assert.match((await sonde(["flamegraph", a, "--colors", "offcpu"])).out, /class="f wu\d"/);
    await sonde(["flamegraph", a, "-o", `${folder}/p.html`, "--icicle", "--title", "A <title>"]);
    const page = await Deno.readTextFile(`${folder}/p.html`);
    assert.match(page, /<h1>A &lt;title&gt;<\/h1>/);
    assert.match(page, /"tab":"icicle"/);
    await Deno.writeTextFile(`${folder}/two.folded`, "a;b 10 200\na;c 50 0\n");
    assert.match((await sonde(["flamegraph", `${folder}/two.folded`])).out, /class="f more\d"/);
    const script = "app 1 [000] 1.000000: 1 cpu-clock:\n\t1000 hot (/bin/app)\n\n".repeat(3);
    await Deno.writeTextFile(`${folder}/perf.txt`, script);
    assert.match((await sonde(["flamegraph", `${folder}/perf.txt`, "--heatmap"])).out, /class="cell h\d"/);
  });
});
