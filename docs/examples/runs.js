// A plugin with a stage, an aggregation and a notifier. It imports nothing of Sonde's.
//   sonde run --plugin runs.js -e 'collect process.exec for 10s | runs comm by ppid'
//   sonde run --plugin runs.js -e 'collect proc.list | aggregate geomean(rss) as rss by comm | top 5 by rss'

export default function runs(sonde) {
  const { cellAt, columnFrom, field, UsageError } = sonde.data;

  const position = (fields, name) => fields.findIndex((f) => f.name === name);

  return {
    name: "runs",
    version: "1.0.0",
    doc: "Rows that repeat, and the geometric mean",
    stages: [{
      name: "runs",
      doc: "Puts neighbouring rows with the same value together and counts them",
      params: [
        { name: "column", type: "column", doc: "what has to be the same" },
        { name: "least", type: "int", default: 1, doc: "runs of fewer rows are left out" },
      ],
      by: true,
      // What comes out is known before anything runs: the language checks names and types of later stages against it.
      fields(input, { columns, by }) {
        if (input.some((f) => f.name === "run")) throw new UsageError('There is a column "run" already');
        const kept = [...by, columns.column].map((name) => input[position(input, name)]);
        return [...kept, field("run", "int", "Rows in a row")];
      },
      apply(input, args) {
        const names = [...args.by, args.columns.column];
        const columns = names.map((name) => input.columns[position(input.fields, name)]);
        const rows = [];
        let last = "";
        for (let i = 0; i < input.length; i++) {
          const cells = columns.map((c) => cellAt(c, i));
          const key = cells.map(String).join("\0");
          if (rows.length > 0 && key === last) rows[rows.length - 1][names.length]++;
          else rows.push([...cells, 1]);
          last = key;
        }
        const kept = rows.filter((r) => r[names.length] >= args.values.least);
        const fields = this.fields(input.fields, args);
        return { length: kept.length, fields, columns: fields.map((_, i) => columnFrom(kept.map((r) => r[i]))) };
      },
    }],
    aggregations: [{
      name: "geomean",
      doc: "The geometric mean; of values above 0",
      type: "same",
      init: () => ({ logs: 0, count: 0 }),
      add: (s, x) => x > 0 ? { logs: s.logs + Math.log(x), count: s.count + 1 } : s,
      merge: (a, b) => ({ logs: a.logs + b.logs, count: a.count + b.count }),
      result: (s) => s.count > 0 ? Math.exp(s.logs / s.count) : null,
    }],
    notifiers: [{
      name: "file",
      doc: "Appends alerts to the file that RUNS_ALERTS names",
      async notify(title, body) {
        const path = Deno.env.get("RUNS_ALERTS");
        if (path) await Deno.writeTextFile(path, `${title}${body && ` ${body}`}\n`, { append: true });
      },
    }],
  };
}
