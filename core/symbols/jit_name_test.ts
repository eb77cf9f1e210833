import assert from "node:assert/strict";
import { parseJitName } from "./jit_name.ts";

const CASES: readonly (readonly [raw: string, name: string, file?: string, line?: number])[] = [
  ["JS:*bar /tmp/f.js:2:16", "bar", "/tmp/f.js", 2],
  ["JS:~ node:internal/main:1:1", "(anonymous) main:1", "node:internal/main", 1],
  ["JS:^get size file:///srv/my app/x.js:30:12", "get size", "/srv/my app/x.js", 30],
  ["LazyCompile:~hot /app/x y.js:3:7", "hot", "/app/x y.js", 3],
  ["LazyCompile:*Foo.bar /app/a.js:10:5", "Foo.bar", "/app/a.js", 10],
  ["Function:~f /a.js:1:2", "f", "/a.js", 1],
  ["Eval:~ /a.js:4:1", "(anonymous) a.js:4", "/a.js", 4],
  ["JS:+noPlace", "noPlace"],
  ["JS:o*spend_six file:///srv/work.js:1:19", "spend_six", "/srv/work.js", 1],
  ["JS:+'get prop file:///srv/work.js:3:121", "get prop", "/srv/work.js", 3],
  ["JS:o+'f /a.js:1:2", "f", "/a.js", 1],
  ["JS:~o /a.js:1:2", "o", "/a.js", 1],
  ["py::Kit.spend_three.<locals>.<genexpr>:/srv/job/work.py", "Kit.spend_three.<locals>.<genexpr>", "/srv/job/work.py"],
  ["py::_find_and_load:<frozen importlib._bootstrap>", "_find_and_load", "<frozen importlib._bootstrap>"],
  ["Builtin:ArrayMap", "Builtin:ArrayMap"],
  ["BytecodeHandler:Add.Wide", "BytecodeHandler:Add.Wide"],
  ["RegExp:a+b /x.js:1:1", "RegExp:a+b /x.js:1:1"],
  ["py::fib:/srv/app.py", "fib", "/srv/app.py"],
  ["py::<module>:<string>", "<module>", "<string>"],
  ["int Hot.fib(int)", "Hot.fib"],
  ["void java.lang.String.<init>(byte[], byte)", "java.lang.String.<init>"],
  ["java.lang.Object java.util.HashMap.get(java.lang.Object)", "java.util.HashMap.get"],
  [
    "long java.lang.invoke.LambdaForm$MH/0x00007f69f8001c00.invoke(java.lang.Object, int)",
    "java.lang.invoke.LambdaForm$MH/0x00007f69f8001c00.invoke",
  ],
  ["Ljava/util/HashMap;::get", "java.util.HashMap.get"],
  ["I2C/C2I adapters", "I2C/C2I adapters"],
  ["new_instance Runtime1 stub", "new_instance Runtime1 stub"],
  ["void [MyApp] MyApp.Program::Main(string[])[Tier0]", "MyApp.Program::Main"],
  [
    "instance bool [System.Private.CoreLib] System.Collections.Generic.List`1[System.__Canon]::Contains(!0)[PreJIT]",
    "System.Collections.Generic.List`1[System.__Canon]::Contains",
  ],
  ["jitted()", "jitted()"],
  ["", ""],
];

for (const [raw, name, file = "", line = 0] of CASES) {
  Deno.test(`parseJitName() reads ${JSON.stringify(raw)}`, () => {
    assert.deepEqual(parseJitName(raw), { function: name, file, line });
  });
}

Deno.test("parseJitName() takes hostile names, soon", () => {
  for (const unit of ["a", ".", "(", "[", " ", "a.", "a ", "L/", ":1:1", "JS:* "]) {
    for (const head of ["", "JS:~", "int ", "L", "void [", "py::"]) {
      parseJitName(head + unit.repeat(4000 / unit.length));
    }
  }
});
