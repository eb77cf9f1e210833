/** For tests: a recipe in which `¦` marks a place. */
export function marked(text: string): { readonly text: string; readonly offset: number } {
  const offset = text.indexOf("¦");
  return { text: text.replace("¦", ""), offset };
}
