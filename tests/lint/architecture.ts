const plugin: Deno.lint.Plugin = { name: "architecture", rules: {} };
export default plugin;
