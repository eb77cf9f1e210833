// First JavaScript of the packed executable. The archive of modules, files and Workers is read piece by piece when
// asked for, so that `--help` pays for what it uses. The packer writes INDEX, ARCHIVE and BASE before this text
// (deploy/pack/archive.ts).
// deno-lint-ignore-file
const read = ([at, size]) => {
  // Opened anew each time, by a link that stays right when the file is replaced: nothing is held open.
  const file = Deno.openSync(ARCHIVE);
  try {
    file.seekSync(BASE + at, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size);
    for (let n = 0; n < size;) {
      const got = file.readSync(bytes.subarray(n));
      if (got === null) throw new Error("The executable is cut short");
      n += got;
    }
    return bytes;
  } finally {
    file.close();
  }
};
const blob = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
const urls = new Map();
// A module's name becomes a URL once, with those of the modules that it imports written into its text.
const url = (name) => {
  let found = urls.get(name);
  if (found === undefined) {
    const text = new TextDecoder().decode(read(INDEX.modules[name]))
      .replace(/"\.\/([\w.-]+\.js)"/g, (all, other) => Object.hasOwn(INDEX.modules, other) ? `"${url(other)}"` : all);
    urls.set(name, found = blob(text));
  }
  return found;
};
globalThis[Symbol.for("sonde.import")] = (name) => import(url(name));
globalThis[Symbol.for("sonde.assets")] = {
  names: Object.keys(INDEX.files),
  read: (name) => read(INDEX.files[name]),
  workerUrl(name) {
    if (!Object.hasOwn(INDEX.workers, name)) return null;
    const key = `worker ${name}`;
    if (!urls.has(key)) urls.set(key, blob(read(INDEX.workers[name])));
    return urls.get(key);
  },
};
await import(url(INDEX.entry));
