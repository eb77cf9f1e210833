import assert from "node:assert/strict";
import fc from "fast-check";
import { outputOf } from "../../../tests/compile_c.ts";
import { skip } from "../../../tests/skip.ts";
import { demangle } from "./demangle.ts";
import { demangleItanium } from "./itanium.ts";
import { demangleRustLegacy } from "./rust_legacy.ts";
import { demangleRustV0 } from "./rust_v0.ts";

/** Names that a library exports, every n-th, at most `limit`; empty when it or nm is missing. */
async function exported(library: string, start: string, limit: number): Promise<string[]> {
  const text = await outputOf("nm", ["-D", "--defined-only", library]);
  const names = (text ?? "").split("\n").map((l) => l.split(" ")[2]?.replace(/@.*/, ""));
  const wanted = [...new Set(names.filter((n) => n?.startsWith(start) && !n.includes(".")))];
  const step = Math.max(1, Math.floor(wanted.length / limit));
  return wanted.filter((_, i) => i % step === 0);
}

async function filtered(names: readonly string[], args: readonly string[]): Promise<string[]> {
  const child = new Deno.Command("c++filt", { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
  const [output] = await Promise.all([
    child.output(),
    ReadableStream.from([`${names.join("\n")}\n`]).pipeThrough(new TextEncoderStream()).pipeTo(child.stdin),
  ]);
  return new TextDecoder().decode(output.stdout).split("\n");
}

/** c++filt writes the standard abbreviations out; we do not. */
function abbreviated(name: string): string {
  const traits = "std::char_traits<char>";
  return name.replaceAll("> >", ">>").replaceAll("> >", ">>")
    .replaceAll(`std::basic_string<char, ${traits}, std::allocator<char>>`, "std::string")
    .replaceAll(`std::basic_ostream<char, ${traits}>`, "std::ostream")
    .replaceAll(`std::basic_istream<char, ${traits}>`, "std::istream")
    .replaceAll(`std::basic_iostream<char, ${traits}>`, "std::iostream");
}

Deno.test("C++ names of large libraries read as c++filt -p writes them", async () => {
  const libraries = [
    "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
    "/usr/lib/llvm-14/lib/libLLVM-14.so",
    "/usr/lib/llvm-14/lib/libclang-cpp.so.14",
  ];
  let compared = 0;
  for (const library of libraries) {
    const names = await exported(library, "_Z", 2500);
    if (names.length === 0) {
      skip(`no nm, or no ${library}`);
      continue;
    }
    const expected = await filtered(names, ["-p"]);
    let same = 0;
    const different: string[] = [];
    names.forEach((name, i) => {
      if (abbreviated(demangleItanium(name) ?? "") === abbreviated(expected[i])) same++;
      else different.push(`${name}\n  ${demangleItanium(name)}\n  ${expected[i]}`);
    });
    // What differs: names of functions that are template arguments, which c++filt gives with what they return.
    assert.ok(
      same > 0.98 * names.length,
      `${library}: ${same} of ${names.length}\n${different.slice(0, 5).join("\n")}`,
    );
    compared += names.length;
  }
  if (compared === 0) skip("nothing to compare with");
});

Deno.test("Rust v0 names of a toolchain read as c++filt writes them, without hashes and types of constants", async () => {
  const root = (await outputOf("rustc", ["--print", "sysroot"]))?.trim();
  if (!root) return skip("no rustc");
  const library = [...Deno.readDirSync(`${root}/lib`)].find((e) => e.name.startsWith("librustc_driver-"));
  const names = library ? await exported(`${root}/lib/${library.name}`, "_R", 2500) : [];
  if (names.length === 0) return skip("the toolchain's own library has no v0 names");
  const expected = await filtered(names, []);
  names.forEach((name, i) => {
    const plain = expected[i].replace(/\[[0-9a-f]{1,16}\]/g, "")
      .replace(/(\d|true|false|.): (?:[iu](?:8|16|32|64|128|size)|bool|char)\b/g, "$1");
    assert.equal(demangleRustV0(name), plain);
  });
});

Deno.test("demangle() reads the forms that occur, and leaves other names alone", () => {
  const cases: Record<string, string> = {
    main: "main",
    "memcpy@@GLIBC_2.14": "memcpy",
    "strlen@plt": "strlen@plt",
    "_ZNSt6vectorIiSaIiEE9push_backEOi@plt": "std::vector<int, std::allocator<int> >::push_back@plt",
    _ZN3foo3barEv: "foo::bar",
    "_ZN3foo3barEv.isra.0": "foo::bar [clone .isra.0]",
    _ZNK3foo3barEv: "foo::bar",
    _ZNSsC1Ev: "std::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string",
    _ZN12_GLOBAL__N_11fEv: "(anonymous namespace)::f",
    _ZZ4mainENKUlvE_clEv: "main::{lambda()#1}::operator()",
    _ZTV3Foo: "vtable for Foo",
    _ZThn16_N1A3fooEv: "non-virtual thunk to A::foo()",
    _ZlsRSoRK3Foo: "operator<<",
    _Z3fooIPFviEEvT_: "foo<void (*)(int)>",
    _ZN4core3fmt5write17h0123456789abcdefE: "core::fmt::write",
    "_ZN4core3fmt5write17h0123456789abcdefE.llvm.123": "core::fmt::write",
    "_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE":
      "<alloc::string::String as core::fmt::Debug>::fmt",
    _RNvNtCs1234_4core3fmt5write: "core::fmt::write",
    _RNvC6_123foo3bar: "123foo::bar",
    "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y": "utf8_idents::საჭმელად_გემრიელი_სადილი",
    _Z: "_Z",
    _R: "_R",
    _ZN: "_ZN",
    _Zillion_of_things: "_Zillion_of_things",
    _RESET: "_RESET",
  };
  for (const [mangled, expected] of Object.entries(cases)) assert.equal(demangle(mangled), expected);
});

Deno.test("demangleRustLegacy() takes a hash for the last part only, and lengths that fit", () => {
  assert.equal(demangleRustLegacy("_ZN3foo3barEv"), null);
  assert.equal(demangleRustLegacy("_ZN9999foo17h0123456789abcdefE"), null);
  assert.equal(demangleRustLegacy("_ZN17h0123456789abcdefE"), null);
});

Deno.test("damaged and hostile names give text or null, soon", () => {
  const seeds = [
    "_ZNSt8_Rb_treeISsSt4pairIKSsiESt10_Select1stIS2_ESt4lessISsESaIS2_EE11equal_rangeERS1_",
    "_ZZN5clang4Sema3fooIXadL_ZNS_3barEvEEEEvPFviENKUlT_E_clIiEEDaS2_",
    "_RNvXs0_NtNtCsgEmfK2I1SDS_4core3num7dec2fltC3f16NtNtNtB9_3str6traits7FromStr8from_str",
    "_RINvNtCsgEmfK2I1SDS_4core9panicking13assert_failedAhj4_RShECsjrHSEGnQ3l9_3std",
  ];
  const edit = fc.tuple(fc.nat(120), fc.constantFrom(..."_ZNSTIELXJPRKFAMCDUtl0123456789abcdevijmpsBGnu"));
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 6 }), (seed, edits) => {
      const letters = [...seed];
      for (const [at, letter] of edits) letters[2 + at % (letters.length - 2)] = letter;
      assert.equal(typeof demangle(letters.join("")), "string");
    }),
    { numRuns: 3000 },
  );
  // Each step doubles what the one before stands for.
  const doubling = `_Z1f1AIiES_IS0_S0_E${
    Array.from({ length: 30 }, (_, i) => `S_IS${i.toString(36).toUpperCase()}_S${i.toString(36).toUpperCase()}_E`).join(
      "",
    )
  }`;
  assert.equal(typeof demangle(doubling), "string");
  assert.equal(typeof demangle(`_ZN1AIiE${"S_".repeat(2000)}E`), "string");
  assert.equal(typeof demangle(`_Z1f${"P".repeat(5000)}i`), "string");
  assert.equal(typeof demangle(`_RC1a${"B_".repeat(2000)}`), "string");
  assert.equal(typeof demangle(`_R${"NvNv".repeat(2000)}`), "string");
  assert.equal(typeof demangle(`_RIC1a${"TB2_B2_".repeat(500)}E`), "string");
});
