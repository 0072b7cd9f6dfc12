/**
 * A text from outside as people may be shown it: without control characters, without those that turn the direction of the
 * text around (Unicode's categories Cc, Cf, Co, Cn and Cs) or are not seen; white space is single spaces.
 */
export function displayText(text: string): string {
  return text
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[\p{C}\p{Default_Ignorable_Code_Point}\u2800]/gu, "")
    .replaceAll(/ {2,}/g, " ")
    .trim();
}
