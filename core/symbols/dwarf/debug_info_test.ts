import assert from "node:assert/strict";
import { compileC, outputOf } from "../../../tests/compile_c.ts";
import { skip } from "../../../tests/skip.ts";
import { type Answer, type Subject, subject, toolAnswers } from "./_testing.ts";

const C = `
#include <stdio.h>
#include <stdlib.h>
static inline __attribute__((always_inline)) int leaf(int x) { return x * 3 + rand(); }
static inline __attribute__((always_inline)) int mid(int x) {
  int s = 0;
  for (int i = 0; i < x; i++) s += leaf(i);
  return s;
}
static __attribute__((noinline)) int other(int x) { return mid(x) + mid(x + 1); }
struct p { int a, b; };
static int cmp(const void *a, const void *b) { const struct p *x = a, *y = b; return x->a - y->a; }
int main(int argc, char **argv) {
  struct p v[100];
  for (int i = 0; i < 100; i++) { v[i].a = leaf(i); v[i].b = mid(i & 3); }
  qsort(v, 100, sizeof v[0], cmp);
  if (argc > 2) { printf("%d\\n", other(argc)); abort(); }
  return other(argc) + v[3].a;
}
`;

const CPP = `
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>
struct Shape { virtual ~Shape() = default; virtual double area() const = 0; };
struct Square : Shape { double s; explicit Square(double s) : s(s) {} double area() const override { return s * s; } };
namespace {
int hidden(int x) { struct Local { int f(int y) { return y * 7; } } l; return l.f(x) + l.f(x + 1); }
template <class T> T sum(const std::vector<T>& v) { T t{}; for (auto& x : v) t += x; return t; }
}
int main(int argc, char **argv) {
  std::vector<std::string> v(argv, argv + argc);
  std::sort(v.begin(), v.end(), [](auto& a, auto& b) { return a.size() < b.size(); });
  std::map<std::string, int> m;
  for (auto& s : v) m[s] += hidden(s.size());
  std::vector<double> d;
  for (int i = 0; i < argc; i++) d.push_back(std::unique_ptr<Shape>(new Square(i))->area());
  return m.size() + sum(d);
}
`;

const RUST = `
use std::collections::HashMap;
trait Shape { fn area(&self) -> f64; }
struct Square(f64);
impl Shape for Square { #[inline(always)] fn area(&self) -> f64 { self.0 * self.0 } }
#[inline(never)]
fn count(s: &str) -> usize {
    let mut m: HashMap<char, usize> = HashMap::new();
    for c in s.chars() { *m.entry(c).or_default() += 1; }
    m.values().copied().max().unwrap_or(0)
}
fn main() {
    let v: Vec<Box<dyn Shape>> = (0..10).map(|i| Box::new(Square(i as f64)) as Box<dyn Shape>).collect();
    let s: f64 = v.iter().map(|x| x.area()).sum();
    println!("{} {}", s, count("abcabc"));
}
`;

async function inDirectory(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.realPath(await Deno.makeTempDir());
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** @returns whether the compiler is there */
async function compile(command: string, args: string[]): Promise<boolean> {
  try {
    const { success, stderr } = await new Deno.Command(command, { args, stderr: "piped" }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The frames' places without the functions. */
function places({ frames }: Answer): string {
  return frames.map((f) => f.replace(/^\S+ /, "")).join("\n");
}

/**
 * Compares with llvm-addr2line. Aliases may go by another name, and a symbol without debugging information has no place.
 *
 * @returns how many answers are the same with names, and what differs in places or number of frames
 */
function compare(s: Subject, theirs: readonly Answer[]): { same: number; aliases: number; wrong: string[] } {
  let same = 0, aliases = 0;
  const wrong: string[] = [];
  for (const answer of theirs) {
    const own = s.answer(answer.address);
    const mine = own.frames.join("\n");
    const other = answer.frames.join("\n");
    const nothing = answer.frames.length === 1 && /:\?$/.test(other) && own.frames.length <= 1;
    if (mine === other || (nothing && (mine === "" || /:\?$/.test(mine)))) same++;
    else if (places(own) === places(answer)) aliases++;
    else wrong.push(`0x${answer.address.toString(16)}\n${mine}\n--\n${other}`);
  }
  return { same, aliases, wrong };
}

async function check(path: string, step: number, mayAlias: number): Promise<boolean> {
  const s = subject(path);
  const theirs = await toolAnswers("llvm-addr2line", path, s.addresses(step));
  if (theirs === null) return false;
  const { same, aliases, wrong } = compare(s, theirs);
  assert.deepEqual(wrong.slice(0, 3), [], `${path}: ${wrong.length} of ${theirs.length}`);
  assert.ok(aliases <= theirs.length * mayAlias, `${path}: ${aliases} of ${theirs.length} by another name`);
  assert.ok(same > 50);
  assert.deepEqual(s.module.problems(), []);
  return true;
}

/** All variants take minutes on a busy machine. */
const ALL = Deno.env.get("SONDE_ALL_BINARIES") === "1";
const FORMATS = [["-gdwarf-4", "-gz=zlib"], ["-gdwarf-5"], ["-gdwarf-2"], ["-gdwarf-3"]].slice(0, ALL ? 4 : 2);
const LEFT_OUT = "DWARF 2 and 3 and most addresses of C++ and Rust programs are left out (SONDE_ALL_BINARIES=1)";

for (const compiler of ["gcc", "clang"]) {
  Deno.test(`every address of a C program of ${compiler}: frames and lines as llvm-addr2line -f -i, versions of DWARF, packed`, () =>
    inDirectory(async (dir) => {
      await Deno.writeTextFile(`${dir}/a.c`, C);
      if (!ALL) console.log(LEFT_OUT);
      for (const format of FORMATS) {
        if (!await compile(compiler, [...format, "-O2", "-o", `${dir}/a`, `${dir}/a.c`])) return skip(`no ${compiler}`);
        if (!await check(`${dir}/a`, 1, 0)) return skip("no llvm-addr2line");
      }
    }));
}

for (const [compiler, format] of [["g++", "-gdwarf-5"], ["clang++", "-gdwarf-4"]]) {
  Deno.test(`every ${ALL ? 7 : 29}th address of a C++ program: ${compiler} ${format}`, () =>
    inDirectory(async (dir) => {
      await Deno.writeTextFile(`${dir}/a.cpp`, CPP);
      const args = [format, "-O2", "-std=c++17", "-o", `${dir}/a`, `${dir}/a.cpp`];
      if (!await compile(compiler, args)) return skip(`no ${compiler}`);
      // Constructors and destructors have two names for the same code.
      if (!await check(`${dir}/a`, ALL ? 7 : 29, 0.2)) return skip("no llvm-addr2line");
    }));
}

Deno.test(`every ${ALL ? 61 : 211}st address of a Rust program, its library included`, () =>
  inDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/a.rs`, RUST);
    if (!await compile("rustc", ["-g", "-O", "-o", `${dir}/a`, `${dir}/a.rs`])) return skip("no rustc");
    // Equal functions of different types share their code.
    if (!await check(`${dir}/a`, ALL ? 61 : 211, 0.02)) return skip("no llvm-addr2line");
  }));

Deno.test("frames of the C library, whose debugging information is packed and in a file of its own", async () => {
  const libc = ["/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/aarch64-linux-gnu/libc.so.6"].find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
  if (!libc || !subject(libc).module.hasLines) return skip("no debug file of the C library (libc6-dbg)");
  const s = subject(libc);
  const theirs = await toolAnswers("llvm-addr2line", libc, s.addresses(1999));
  if (theirs === null) return skip("no llvm-addr2line");
  // It was built with its root replaced by ".": tools put the directory before such paths once more.
  const base = (a: Answer): Answer => ({ ...a, frames: a.frames.map((f) => f.replace(/ \S*\//, " ")) });
  const { same, aliases, wrong } = compare({ ...s, answer: (a) => base(s.answer(a)) }, theirs.map(base));
  console.log(`${theirs.length} addresses: ${same} same, ${aliases} by another name, ${wrong.length} different`);
  assert.ok(wrong.length <= theirs.length * 0.01, wrong.slice(0, 5).join("\n\n"));
});

Deno.test("dwz changes nothing: entries shared in the file, and in a file of several", () =>
  inDirectory(async (dir) => {
    const paths = [`${dir}/a`, `${dir}/b`];
    for (const [i, path] of paths.entries()) {
      if (!await compileC(`${C}\nint extra${i};`, path, ["-O2", "-gdwarf-4"])) return skip("no gcc");
    }
    const answers = (path: string): Answer[] => {
      const s = subject(path);
      return s.addresses(1).map(s.answer);
    };
    const before = paths.map(answers);
    if (await outputOf("dwz", ["-m", `${dir}/shared`, "-M", `${dir}/shared`, ...paths]) === null) return skip("no dwz");
    assert.match(await outputOf("readelf", ["-SW", paths[0]]) ?? "", /gnu_debugaltlink/);
    assert.deepEqual(paths.map(answers), before);
    await Deno.remove(`${dir}/shared`);
    // Without the shared file what it named is not known; all else is.
    const without = answers(paths[0]);
    assert.deepEqual(without.map((a) => a.frames.length), before[0].map((a) => a.frames.length));
  }));

Deno.test("sections packed with zstd read as they did before", () =>
  inDirectory(async (dir) => {
    if (!await compileC(C, `${dir}/a`, ["-O2"])) return skip("no gcc");
    const before = subject(`${dir}/a`);
    const packed = await outputOf("objcopy", ["--compress-debug-sections=zstd", `${dir}/a`, `${dir}/b`]);
    if (packed === null || !await Deno.stat(`${dir}/b`).catch(() => null)) return skip("no objcopy that knows zstd");
    const after = subject(`${dir}/b`);
    assert.deepEqual(before.addresses(1).map(after.answer), before.addresses(1).map(before.answer));
  }));

Deno.test("split DWARF is said not to be read, lines are all the same", () =>
  inDirectory(async (dir) => {
    if (!await compileC(C, `${dir}/a`, ["-O2", "-gsplit-dwarf"])) return skip("no gcc");
    const s = subject(`${dir}/a`);
    assert.ok(s.addresses(1).some((a) => s.answer(a).frames.some((f) => /^main .*a\.c:\d+$/.test(f))));
    assert.match(s.module.problems().join(), /\.dwo/);
  }));

Deno.test("without lines, frames tell where functions are declared, and stay the same array", () =>
  inDirectory(async (dir) => {
    if (!await compileC(C, `${dir}/a`, ["-O2"])) return skip("no gcc");
    const { module } = subject(`${dir}/a`);
    const seen = new Map<string, Set<readonly unknown[]>>();
    for (let offset = 0x1000; offset < 0x1400; offset++) {
      const frames = module.frames(offset, false);
      const key = frames.map((f) => `${f.name}:${f.line}:${f.isInlined}`).join(";");
      seen.set(key, (seen.get(key) ?? new Set()).add(frames));
    }
    const inlined = seen.get("other:11:false;mid:6:true;leaf:5:true") ??
      seen.get("other:10:false;mid:5:true;leaf:4:true");
    assert.ok(inlined, [...seen.keys()].join("\n"));
    for (const arrays of seen.values()) assert.ok(arrays.size <= 3);
  }));
