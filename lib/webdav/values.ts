/** Converts the text of XML elements to values: numbers, booleans or text. */

/**
 * Converts text that looks like a number or a boolean, as npm `webdav` does. A number that would lose digits or leading
 * zeros stays text.
 */
export function valueOf(text: string): unknown {
  const first = text.charCodeAt(0);
  // The first character of a number: + - . or a digit.
  if (first <= 57 && (first >= 48 || first === 43 || first === 45 || first === 46)) return numberOf(text);
  if (text === 'true') return true;
  return text === 'false' ? false : text;
}

const hexadecimal = /^[-+]?0x[\da-f]+$/i;
const exponential = /^[-+]?(?:0\.?|[1-9]\d*(?:\.\d*)?|\.\d*)e[-+]?\d+$/i;
const decimal = /^([-+]?)(0?)(\d*)(?:\.(\d*))?$/;

function numberOf(text: string): number | string {
  if (text.length > 1 && text.includes('x', 1) && hexadecimal.test(text)) return Number.parseInt(text, 16);
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  if (/e/i.test(text)) return exponential.test(text) ? number : text;
  const [, sign = '', zero, digits = '', fraction] = decimal.exec(text) ?? [];
  if (zero === undefined || (zero && digits)) return text; // leading zeros
  if (number === 0) return zero && fraction === undefined && text !== '0' ? text : number;
  const shortest = String(number);
  if (/e/i.test(shortest)) return number;
  const kept = fraction?.replace(/0+$/, '');
  const written = `${digits || '0'}${kept ? `.${kept}` : ''}`;
  return shortest === written || shortest === sign + written ? number : text;
}
