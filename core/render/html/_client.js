/**
 * What a report does besides its flame graphs: a link to a value opens the folded call that holds it. The source text of
 * this function is put into the page.
 */
export function reportClient() {
  function reveal() {
    const target = location.hash.length > 1
      ? document.getElementById(decodeURIComponent(location.hash.slice(1)))
      : null;
    if (!target) return;
    let opened = false;
    for (let node = target; node; node = node.parentElement) {
      if (node instanceof HTMLDetailsElement && !node.open) opened = node.open = true;
    }
    if (opened) target.scrollIntoView({ block: "center" });
  }
  addEventListener("hashchange", reveal);
  reveal();
}
