import { invalidType, invalidValue } from './errors.js';

// The conversions of C's printf that have a meaning for JavaScript values: flags, width, precision, a length modifier,
// and one of d i u x X o c s %.
const conversion = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?(hh|h|ll|l|q|j|z|t|L)?(.)?/gs;

// The number of bits to which each length modifier truncates an integer.
const widths: Record<string, number> = { hh: 8, h: 16, l: 64, ll: 64, q: 64, j: 64, z: 64, t: 64, L: 64 };

/**
 * Formats values as C's printf does, for the printf-like functions of neon. Precision and width of strings count bytes
 * of UTF-8, as in C.
 *
 * @throws `ERR_INVALID_ARG_VALUE` on a conversion that C does not have (or that has no meaning in JavaScript, such as
 *   `%n` and `%p`), on an argument whose type the conversion does not accept, and on too few or too many arguments.
 */
export function format(template: string, values: readonly unknown[]): string {
  if (typeof template !== 'string') throw invalidType('format', 'of type string', template);
  let next = 0;
  const take = (): unknown => {
    if (next >= values.length)
      throw invalidValue(`The format "${template}" needs more than ${values.length} arguments`);
    return values[next++];
  };
  const result = template.replace(
    conversion,
    (
      whole,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      length: string | undefined,
      kind: string | undefined,
    ) => {
      if (kind === '%' && whole === '%%') return '%';
      const spec = new Spec(template, flags, number(width, take), number(precision, take), length ?? '');
      switch (kind) {
        case 'd':
        case 'i':
          return spec.signed(take());
        case 'u':
          return spec.unsigned(take(), 10, '');
        case 'x':
          return spec.unsigned(take(), 16, '0x');
        case 'X':
          return spec.unsigned(take(), 16, '0X').toUpperCase();
        case 'o':
          return spec.unsigned(take(), 8, '0');
        case 'c':
          return spec.character(take());
        case 's':
          return spec.string(take());
        default:
          throw invalidValue(
            `The format "${template}" has a conversion that is not one of d i u x X o c s %: "${whole}"`,
          );
      }
    },
  );
  if (next < values.length)
    throw invalidValue(`The format "${template}" takes ${next} arguments, not ${values.length}`);
  return result;
}

function number(text: string | undefined, take: () => unknown): number | undefined {
  if (text === undefined) return undefined;
  if (text !== '*') return Number(text || 0);
  const value = take();
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw invalidValue('A width or precision of * needs an integer');
  return value;
}

/** One conversion: its flags, width, precision and length modifier. */
class Spec {
  readonly #left: boolean;
  readonly #width: number;
  readonly #precision: number | undefined;

  constructor(
    readonly template: string,
    readonly flags: string,
    width: number | undefined,
    precision: number | undefined,
    readonly length: string,
  ) {
    if (Math.abs(width ?? 0) > 8192 || (precision ?? 0) > 8192)
      throw invalidValue(`The format "${template}" asks for too long a field`);
    this.#left = flags.includes('-') || (width ?? 0) < 0; // a negative * width means the flag -
    this.#width = Math.abs(width ?? 0);
    // C ignores a negative precision.
    this.#precision = precision !== undefined && precision < 0 ? undefined : precision;
  }

  signed(value: unknown): string {
    const integer = BigInt.asIntN(this.#bits(), this.#integer(value));
    const sign = integer < 0n ? '-' : this.flags.includes('+') ? '+' : this.flags.includes(' ') ? ' ' : '';
    return this.#number(sign, (integer < 0n ? -integer : integer).toString());
  }

  unsigned(value: unknown, base: number, prefix: string): string {
    const integer = BigInt.asUintN(this.#bits(), this.#integer(value));
    let digits = integer.toString(base);
    if (this.flags.includes('#') && prefix === '0' && integer === 0n && this.#precision === 0) return this.#pad(digits);
    if (!this.flags.includes('#') || integer === 0n) return this.#number('', digits);
    if (prefix !== '0') return this.#number(prefix, digits);
    digits = digits.padStart(Math.max(this.#precision ?? 0, digits.length + 1), '0');
    return this.#number('', digits);
  }

  character(value: unknown): string {
    if (typeof value === 'string' && /^.$/su.test(value)) return this.#pad(value);
    if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 128)
      return this.#pad(String.fromCharCode(value));
    throw invalidValue(`The format "${this.template}" needs one character for %c`);
  }

  string(value: unknown): string {
    if (typeof value !== 'string') throw invalidValue(`The format "${this.template}" needs a string for %s`);
    if (this.#precision === undefined) return this.#pad(value);
    const bytes = Buffer.from(value).subarray(0, this.#precision);
    return this.#pad(bytes.toString(), bytes.length); // a character that was cut is now U+FFFD
  }

  #bits(): number {
    return widths[this.length] ?? 32;
  }

  #integer(value: unknown): bigint {
    if (typeof value === 'bigint') return value;
    if (typeof value === 'boolean') return value ? 1n : 0n;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    throw invalidValue(`The format "${this.template}" needs an integer`);
  }

  #number(sign: string, digits: string): string {
    const zeroFill = this.flags.includes('0') && !this.#left && this.#precision === undefined;
    if (this.#precision === 0 && digits === '0') digits = '';
    digits = digits.padStart(zeroFill ? this.#width - sign.length : (this.#precision ?? 0), '0');
    return this.#pad(sign + digits);
  }

  #pad(text: string, length = Buffer.byteLength(text)): string {
    const missing = this.#width - length;
    if (missing <= 0) return text;
    return this.#left ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
  }
}
