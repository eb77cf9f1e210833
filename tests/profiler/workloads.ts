import { compileC } from "../compile_c.ts";
import { SOURCE as HOT_PROGRAM } from "../hot_program.ts";
import { SIX_THREE_ONE, type Workload } from "./workload.ts";

/** `tests/hot_program.ts`, built in some way. */
function hot(name: string, options: readonly string[], args: readonly string[], strip = false): Workload {
  return {
    name,
    shares: strip ? [] : SIX_THREE_ONE,
    prepare: async (dir) => {
      const path = `${dir}/hot`;
      const always = ["-fno-optimize-sibling-calls", "-pthread"];
      if (!await compileC(HOT_PROGRAM, path, [...options, ...always, ...(strip ? ["-s"] : [])])) return "no gcc";
      return [path, ...args];
    },
  };
}

/** Runs a compiler over a source. @returns why not, or null */
async function compile(dir: string, file: string, source: string, command: readonly string[]): Promise<string | null> {
  await Deno.writeTextFile(`${dir}/${file}`, source);
  try {
    const { success, stderr } = await new Deno.Command(command[0], {
      args: [...command.slice(1), `${dir}/${file}`],
      stdout: "null",
      stderr: "piped",
    }).output();
    return success ? null : `${command[0]}: ${new TextDecoder().decode(stderr).slice(0, 300)}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `no ${command[0]}`;
    throw error;
  }
}

const CPP = `
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>
#include <ctime>
static unsigned long seed = 0;
static long vary(long mean) { seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17; return mean / 2 + long(seed % (unsigned long)mean); }
template <long N> __attribute__((noinline)) unsigned long chain(unsigned long x) {
  for (long i = vary(N); i > 0; i--) { x = x * 6364136223846793005UL + 1; asm volatile("" : "+r"(x)); } return x + 1;
}
struct Work { virtual ~Work() = default; virtual unsigned long run(unsigned long x) const = 0; };
struct spend_six : Work { __attribute__((noinline)) unsigned long run(unsigned long x) const override { return chain<60000>(x) + 1; } };
struct spend_three : Work { __attribute__((noinline)) unsigned long run(unsigned long x) const override { return chain<30000>(x) + 1; } };
struct spend_one : Work { __attribute__((noinline)) unsigned long run(unsigned long x) const override { return chain<10000>(x) + 1; } };
volatile unsigned long out;
__attribute__((noinline)) void round_of_work(const std::vector<std::unique_ptr<Work>>& all) {
  for (const auto& w : all) out = w->run(out);
  if (seed % 7 == 0) throw std::runtime_error("now and then");
}
int main() {
  timespec t; clock_gettime(CLOCK_MONOTONIC, &t); seed = t.tv_nsec | 1;
  std::vector<std::unique_ptr<Work>> all;
  all.emplace_back(new spend_six); all.emplace_back(new spend_three); all.emplace_back(new spend_one);
  puts("ready"); fflush(stdout);
  for (;;) { try { round_of_work(all); } catch (const std::exception&) { out = out + 1; } }
}
`;

const RUST = `
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};
struct Rng(u64);
impl Rng { fn vary(&mut self, mean: u64) -> u64 { self.0 ^= self.0 << 13; self.0 ^= self.0 >> 7; self.0 ^= self.0 << 17; mean / 2 + self.0 % mean } }
macro_rules! work { ($name:ident, $n:expr) => {
  #[inline(never)] fn $name(x: u64, rng: &mut Rng) -> u64 {
    let mut x = x;
    for _ in 0..rng.vary($n) { x = std::hint::black_box(x.wrapping_mul(6364136223846793005).wrapping_add(1)); }
    x + 1
  }
} }
work!(spend_six, 60000);
work!(spend_three, 30000);
work!(spend_one, 10000);
#[inline(never)] fn round_of_work(x: u64, rng: &mut Rng) -> u64 { let x = spend_six(x, rng); let x = spend_three(x, rng); spend_one(x, rng).wrapping_add(1) }
fn main() {
  let mut rng = Rng(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1);
  println!("ready"); std::io::stdout().flush().unwrap();
  let worker = std::thread::Builder::new().name("rusty".into()).spawn(move || { let mut x = 1; loop { x = std::hint::black_box(round_of_work(x, &mut rng)); } }).unwrap();
  worker.join().unwrap();
}
`;

const JAVASCRIPT = `
let seed = (Date.now() | 1) >>> 0;
function vary(mean) { seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5; return mean / 2 + (seed >>> 0) % mean | 0; }
function spend_six(x) { for (let i = vary(600000); i > 0; i--) x = Math.imul(x, 1103515245) + 12345 | 0; return x; }
function spend_three(x) { for (let i = vary(300000); i > 0; i--) x = Math.imul(x, 1103515245) + 12345 | 0; return x; }
function spend_one(x) { for (let i = vary(100000); i > 0; i--) x = Math.imul(x, 1103515245) + 12345 | 0; return x; }
function round_of_work(x) { return spend_one(spend_three(spend_six(x))); }
let x = 1;
for (let i = 0; i < 100; i++) x = round_of_work(x);
console.log("ready");
for (;;) x = round_of_work(x);
`;

const PYTHON = `
import sys
def spend_six(x):
    for i in range(60000): x = (x * 1103515245 + 12345) & 0xffffffff
    return x
def spend_three(x):
    return sorted((x * i) & 0xffff for i in range(20000))[0]
def round_of_work(x): return spend_three(spend_six(x))
print("ready", flush=True)
x = 1
while True: x = round_of_work(x)
`;

/** Programs of every kind that a profiler meets. */
export const WORKLOADS: readonly Workload[] = [
  hot("C, frame pointers", ["-O2", "-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer", "-DFRAMES"], ["spin"]),
  hot("C, -O2: no frame pointers", ["-O2"], ["spin"]),
  hot("the same, stripped", ["-O2"], ["spin"], true),
  hot("the same, two threads", ["-O2"], ["threads"]),
  hot("the same, 400 calls deep", ["-O2"], ["deep", "400"]),
  hot("the same, in a signal handler", ["-O2"], ["signal"]),
  hot("the same, after longjmp", ["-O2"], ["longjmp"]),
  hot("the same, static", ["-O2", "-static"], ["spin"]),
  {
    name: "C++, -O2",
    shares: [[/chain<60000/, 0.6], [/chain<30000/, 0.3], [/chain<10000/, 0.1]],
    prepare: async (dir) =>
      await compile(dir, "work.cc", CPP, ["g++", "-O2", "-g", "-o", `${dir}/work`]) ?? [`${dir}/work`],
  },
  {
    name: "Rust, -O",
    shares: SIX_THREE_ONE,
    prepare: async (dir) =>
      await compile(dir, "work.rs", RUST, ["rustc", "-O", "-o", `${dir}/work`]) ?? [`${dir}/work`],
  },
  {
    name: "Node --perf-basic-prof",
    shares: SIX_THREE_ONE,
    prepare: async (dir) => {
      await Deno.writeTextFile(`${dir}/work.js`, JAVASCRIPT);
      return await exists("node") ? ["node", "--perf-basic-prof", "--no-turbo-inlining", `${dir}/work.js`] : "no node";
    },
  },
  {
    name: "Python",
    shares: [],
    prepare: async (dir) => {
      await Deno.writeTextFile(`${dir}/work.py`, PYTHON);
      return await exists("python3") ? ["python3", `${dir}/work.py`] : "no python3";
    },
  },
];

async function exists(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
