/** The house's rules, enforced: who imports whom, where the kernel's doors are. The tables are in `_rooms.ts`. */
import { importObjection, isRuled, mayName, mayUseFfi, packageObjection } from "./_rooms.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

type Node = Deno.lint.Node;
type Visitor = Deno.lint.LintVisitor;

/** Path relative to the project's root. Tests of this plugin give relative paths. */
function projectPath(filename: string): string {
  if (!filename.startsWith("/")) return filename;
  return filename.startsWith(ROOT) ? filename.slice(ROOT.length) : `../${filename}`;
}

/** The text of a literal or of a template without expressions. */
function textOf(node: unknown): string | null {
  const any = node as { type?: string; value?: unknown; literal?: unknown; quasis?: { cooked: string }[] } | null;
  if (any?.type === "TSLiteralType") return textOf(any.literal);
  if (any?.type === "Literal" && typeof any.value === "string") return any.value;
  if (any?.type === "TemplateLiteral" && any.quasis?.length === 1) return any.quasis[0].cooked;
  return null;
}

const imports: Deno.lint.Rule = {
  create(context): Visitor {
    const from = projectPath(context.filename);
    if (!isRuled(from)) return {};
    const look = (node: Node, source: unknown, typeOnly: boolean): void => {
      const specifier = textOf(source);
      if (specifier === null) return;
      const objection = /^\.{0,2}\//.test(specifier)
        ? importObjection(from, new URL(specifier, `file:///${from}`).pathname.slice(1), typeOnly)
        : packageObjection(from, specifier, typeOnly);
      if (objection) context.report({ node, message: objection, hint: "docs/architecture.md has the table." });
    };
    return {
      ImportDeclaration: (node) => look(node, node.source, node.importKind === "type"),
      ExportAllDeclaration: (node) => look(node, node.source, node.exportKind === "type"),
      ExportNamedDeclaration: (node) => look(node, node.source, node.exportKind === "type"),
      ImportExpression: (node) => look(node, node.source, false),
      TSImportType: (node) => look(node, node.argument, true),
    };
  },
};

const ffi: Deno.lint.Rule = {
  create(context): Visitor {
    const path = projectPath(context.filename);
    if (!isRuled(path) || mayUseFfi(path)) return {};
    const look = (node: Node, name: unknown): void => {
      if (typeof name !== "string" || name !== "dlopen" && !name.startsWith("Unsafe")) return;
      const hint = "Wrap what you need in core/sys and import it from there.";
      context.report({ node, message: `Deno.${name} is for core/sys and bpf/libbpf*.ts alone.`, hint });
    };
    return {
      MemberExpression(node): void {
        if (node.object.type !== "Identifier" || node.object.name !== "Deno") return;
        look(node, node.property.type === "Identifier" && !node.computed ? node.property.name : textOf(node.property));
      },
      VariableDeclarator(node): void {
        if (node.init?.type !== "Identifier" || node.init.name !== "Deno" || node.id.type !== "ObjectPattern") return;
        for (const property of node.id.properties) {
          if (property.type === "Property" && property.key.type === "Identifier") look(property, property.key.name);
        }
      },
    };
  },
};

const kernelPaths: Deno.lint.Rule = {
  create(context): Visitor {
    const path = projectPath(context.filename);
    if (!isRuled(path)) return {};
    const look = (node: Node, text: unknown): void => {
      // A sentence that mentions a path is no use of it: paths hold no spaces.
      if (typeof text !== "string" || !/^\/(proc|sys)(\/\S*)?$/.test(text) || mayName(path, text)) return;
      const hint = "Ask core/host: it has a reader, or `host.path(…)`.";
      context.report({ node, message: `${text} is named outside core/host.`, hint });
    };
    return {
      Literal: (node) => look(node, node.value),
      TemplateElement: (node) => look(node, node.cooked),
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "architecture",
  rules: { imports, ffi, "kernel-paths": kernelPaths },
};
export default plugin;
