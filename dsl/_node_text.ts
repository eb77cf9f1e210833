import type { ExprNode } from "./ast.ts";

/** An expression on one line with canonical spaces: two that were written alike have the same text. */
export function nodeText(node: ExprNode): string {
  switch (node.kind) {
    case "missing":
      return "";
    case "number":
      return node.text;
    case "string":
      return JSON.stringify(node.value);
    case "bool":
      return String(node.value);
    case "null":
      return "null";
    case "param":
      return `$${node.name}`;
    case "path":
      return node.name;
    case "call": {
      const args = node.args.map((a) => a.name ? `${a.name.name}: ${nodeText(a.value)}` : nodeText(a.value));
      return `${node.name.name}(${args.join(", ")})`;
    }
    case "unary":
      return node.op === "not" ? `not ${nodeText(node.arg)}` : `-${nodeText(node.arg)}`;
    case "binary": {
      const text = `${nodeText(node.left)} ${node.op} ${nodeText(node.right)}`;
      return node.inParentheses ? `(${text})` : text;
    }
    case "list":
      return `(${node.items.map(nodeText).join(", ")})`;
  }
}

/**
 * The name of a column that was given none: `p99(duration)` is `p99_duration`, `start.args.comm` is
 * `start_args_comm`; a cast is a name among the others. Null for an expression, which needs `as`.
 */
export function defaultName(node: ExprNode): string | null {
  const part = (n: ExprNode): string | null => {
    if (n.kind === "path") return n.name;
    if (n.kind === "number") return n.text.replace("%", "").replace("/", "_per_");
    return n.kind === "param" ? n.name : null;
  };
  const parts = node.kind === "call"
    ? [node.name.name, ...node.args.map((a) => part(a.value))]
    : [node.kind === "path" ? node.name : null];
  return parts.includes(null) ? null : parts.join("_").replaceAll(".", "_").replace(/[()]/g, "");
}
