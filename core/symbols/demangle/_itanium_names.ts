/** Tables of the Itanium C++ ABI, chapter 5.1 (itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling). */

/** `<builtin-type>` of one letter. */
export const BUILTINS: Readonly<Record<string, string>> = {
  v: "void",
  w: "wchar_t",
  b: "bool",
  c: "char",
  a: "signed char",
  h: "unsigned char",
  s: "short",
  t: "unsigned short",
  i: "int",
  j: "unsigned int",
  l: "long",
  m: "unsigned long",
  x: "long long",
  y: "unsigned long long",
  n: "__int128",
  o: "unsigned __int128",
  f: "float",
  d: "double",
  e: "long double",
  g: "__float128",
  z: "...",
};

/** `<builtin-type>` behind a D. */
export const D_BUILTINS: Readonly<Record<string, string>> = {
  d: "decimal64",
  e: "decimal128",
  f: "decimal32",
  h: "half",
  i: "char32_t",
  s: "char16_t",
  u: "char8_t",
  a: "auto",
  c: "decltype(auto)",
  n: "decltype(nullptr)",
};

/** `S` and a letter: name, and the name of its class for constructors. */
export const STANDARD: Readonly<Record<string, readonly [short: string, full: string, base: string]>> = {
  a: ["std::allocator", "std::allocator", "allocator"],
  b: ["std::basic_string", "std::basic_string", "basic_string"],
  s: [
    "std::string",
    "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
    "basic_string",
  ],
  i: ["std::istream", "std::basic_istream<char, std::char_traits<char> >", "basic_istream"],
  o: ["std::ostream", "std::basic_ostream<char, std::char_traits<char> >", "basic_ostream"],
  d: ["std::iostream", "std::basic_iostream<char, std::char_traits<char> >", "basic_iostream"],
};

/** `<operator-name>`: what it is called, and how many operands it takes in an expression. */
export const OPERATORS: Readonly<Record<string, readonly [name: string, operands: number]>> = {
  nw: ["new", 3],
  na: ["new[]", 3],
  dl: ["delete", 1],
  da: ["delete[]", 1],
  aw: ["co_await", 1],
  ps: ["+", 1],
  ng: ["-", 1],
  ad: ["&", 1],
  de: ["*", 1],
  co: ["~", 1],
  pl: ["+", 2],
  mi: ["-", 2],
  ml: ["*", 2],
  dv: ["/", 2],
  rm: ["%", 2],
  an: ["&", 2],
  or: ["|", 2],
  eo: ["^", 2],
  aS: ["=", 2],
  pL: ["+=", 2],
  mI: ["-=", 2],
  mL: ["*=", 2],
  dV: ["/=", 2],
  rM: ["%=", 2],
  aN: ["&=", 2],
  oR: ["|=", 2],
  eO: ["^=", 2],
  ls: ["<<", 2],
  rs: [">>", 2],
  lS: ["<<=", 2],
  rS: [">>=", 2],
  eq: ["==", 2],
  ne: ["!=", 2],
  lt: ["<", 2],
  gt: [">", 2],
  le: ["<=", 2],
  ge: [">=", 2],
  ss: ["<=>", 2],
  nt: ["!", 1],
  aa: ["&&", 2],
  oo: ["||", 2],
  pp: ["++", 1],
  mm: ["--", 1],
  cm: [",", 2],
  pm: ["->*", 2],
  pt: ["->", 2],
  dt: [".", 2],
  cl: ["()", 2],
  ix: ["[]", 2],
  qu: ["?", 3],
};

/** `<special-name>` of two letters that stand before a type or an encoding. */
export const SPECIAL: Readonly<Record<string, string>> = {
  TV: "vtable for ",
  TT: "VTT for ",
  TI: "typeinfo for ",
  TS: "typeinfo name for ",
  TA: "template parameter object for ",
};

/** The same before a name. */
export const SPECIAL_NAMES: Readonly<Record<string, string>> = {
  GV: "guard variable for ",
  TW: "TLS wrapper function for ",
  TH: "TLS init function for ",
};
