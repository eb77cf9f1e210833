// A plugin in plain JavaScript: a collector for recipes and a tool for the agent. It imports nothing; everything comes
// through the object it is handed. Try it:
//
//   sonde run --plugin ./zombies.js -e 'collect zombie.list | aggregate count() by parent_comm'
//   sonde tool --plugin ./zombies.js count_zombies
//   sonde diagnose --plugin ./zombies.js

/** @param {import("../../core/plugin_api/mod.ts").SondeApi} sonde */
export default function zombies(sonde) {
  const { field, tableFromRows, quality } = sonde.data;
  const fields = [
    field("pid", "pid", "The dead process"),
    field("comm", "string", "Its command name"),
    field("parent", "pid", "Who has not asked how it ended"),
    field("parent_comm", "string", "The parent's command name"),
  ];

  const zombieTable = () => {
    const pids = sonde.host.pids();
    const rows = [];
    for (const pid of pids) {
      const stat = sonde.host.processStat(pid);
      if (stat?.state !== "Z") continue;
      rows.push([pid, stat.comm, stat.ppid, sonde.host.processStat(stat.ppid)?.comm ?? null]);
    }
    return tableFromRows(fields, rows, quality({ events: pids.length }));
  };

  return {
    name: "zombies",
    version: "1.0.0",
    doc: "Processes that ended and were not reaped",
    collectors: [{
      kind: "rows",
      name: "zombie.list",
      doc: "Processes that ended and were not reaped",
      params: [],
      window: "snapshot",
      fields,
      // deno-lint-ignore require-await
      async rows() {
        const table = zombieTable();
        return {
          async *batches() {
            yield table;
          },
          quality: () => table.quality,
          [Symbol.dispose]() {},
        };
      },
    }],
    tools: [{
      name: "count_zombies",
      description: "Processes that ended and were not reaped, with their parents. Use it when processes pile up.",
      params: {},
      required: [],
      effect: "read",
      timed: false,
      // deno-lint-ignore require-await
      async run() {
        return { zombies: zombieTable() };
      },
    }],
  };
}
