/**
 * About how many tokens a text is, without a model's vocabulary: four characters of ASCII a token, digits and
 * punctuation about two, one for each other character (CJK). Errs on the high side for tables of numbers, by design.
 */
export function estimateTokens(text: string): number {
  let letters = 0;
  let dense = 0;
  let wide = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 0x7f) wide++;
    else if ((c | 32) >= 97 && (c | 32) <= 122 || c === 32) letters++;
    else dense++;
  }
  return Math.ceil(letters / 4.2 + dense / 2.2 + wide);
}
