/** Compares lib/core/format.ts with printf of the C library. The printf-like functions use lib/core/format.ts. */
import { format } from '../../lib/core/format.js';
import { describeWith } from '../servers/packages.js';
import { literal, runC } from '../support/compile.js';
import { wrongValue } from '../support/expect.js';

/** A format, the arguments in C, and the arguments in JavaScript. */
type Case = readonly [template: string, c: string, ...values: unknown[]];

const cases: readonly Case[] = [
  ['', ''],
  ['plain text', ''],
  ['%%', ''],
  ['100%% of %%s', ''],
  ['a%%%d%%b', '1', 1],
  // Integers
  ['%d', '0', 0],
  ['%d', '-0', -0],
  ['%d', '42', 42],
  ['%i', '-42', -42],
  ['%d', '2147483647', 2147483647],
  ['%d', '(-2147483647 - 1)', -2147483648],
  ['%d', '1', true],
  ['%d', '7', 7n],
  ['%u', '42u', 42],
  ['%u', '4294967295u', 4294967295],
  ['%u', '(unsigned)-1', -1],
  ['%x', '255', 255],
  ['%X', '48879', 48879],
  ['%o', '8', 8],
  ['%x', '0', 0],
  ['%x', '(unsigned)-1', -1],
  ['%o', '(unsigned)-1', -1],
  // Flags
  ['%+d', '5', 5],
  ['%+d', '-5', -5],
  ['%+d', '0', 0],
  ['% d', '5', 5],
  ['% d', '-5', -5],
  ['%+ d', '5', 5],
  ['% +d', '5', 5],
  ['%#x', '255', 255],
  ['%#X', '255', 255],
  ['%#x', '0', 0],
  ['%#o', '8', 8],
  ['%#o', '0', 0],
  ['%#.0o', '0', 0],
  ['%#.0x', '0', 0],
  ['%#.3o', '8', 8],
  ['%#.1o', '8', 8],
  ['%#5o', '8', 8],
  ['%#05o', '8', 8],
  ['%#8.3o', '8', 8],
  // Width, precision
  ['%5d|', '42', 42],
  ['%-5d|', '42', 42],
  ['%05d|', '42', 42],
  ['%05d|', '-42', -42],
  ['%+05d|', '42', 42],
  ['% 05d|', '42', 42],
  ['%-05d|', '42', 42],
  ['%.5d|', '42', 42],
  ['%.5d|', '-42', -42],
  ['%8.5d|', '-42', -42],
  ['%-8.5d|', '-42', -42],
  ['%08.5d|', '-42', -42],
  ['%+8.5d|', '42', 42],
  ['%.0d|', '0', 0],
  ['%.d|', '0', 0],
  ['%.0d|', '1', 1],
  ['%5.0d|', '0', 0],
  ['%+.0d|', '0', 0],
  ['% .0d|', '0', 0],
  ['%.0x|', '0', 0],
  ['%2d|', '12345', 12345],
  ['%*d|', '5, 42', 5, 42],
  ['%*d|', '-5, 42', -5, 42],
  ['%-*d|', '-5, 42', -5, 42],
  ['%0*d|', '5, 42', 5, 42],
  ['%0*d|', '-5, 42', -5, 42],
  ['%.*d|', '5, 42', 5, 42],
  ['%.*d|', '-5, 42', -5, 42],
  ['%0*.*d|', '8, -1, 42', 8, -1, 42],
  ['%*.*d|', '8, 5, 42', 8, 5, 42],
  ['%#8x|', '255', 255],
  ['%#08x|', '255', 255],
  ['%#08X|', '255', 255],
  ['%-#8x|', '255', 255],
  ['%#.5x|', '255', 255],
  ['%#010.5x|', '255', 255],
  ['%08x|', '255', 255],
  ['%+x|', '255', 255],
  ['%0000005d|', '42', 42],
  ['%--5d|', '42', 42],
  // Length modifiers
  ['%hhd', '300', 300],
  ['%hhu', '-1', -1],
  ['%hd', '70000', 70000],
  ['%hx', '-1', -1],
  ['%ld', '5000000000L', 5000000000],
  ['%lld', '-5000000000LL', -5000000000],
  ['%llu', '18446744073709551615ULL', 18446744073709551615n],
  ['%llx', '-1LL', -1],
  ['%lo', '8L', 8],
  ['%zu', '(size_t)9007199254740991', 9007199254740991],
  ['%zd', '(ssize_t)-1', -1],
  ['%jd', '(intmax_t)-9007199254740991', -9007199254740991],
  ['%ju', '(uintmax_t)42', 42],
  ['%td', '(ptrdiff_t)-42', -42],
  ['%qd', '42LL', 42],
  ['%lld', '(-9223372036854775807LL - 1)', -(2n ** 63n)],
  // Characters
  ['%c', "'x'", 'x'],
  ['%c', '65', 65],
  ['%3c|', "'x'", 'x'],
  ['%-3c|', "'x'", 'x'],
  ['%c%c%c', "'a', 'b', 'c'", 'a', 'b', 'c'],
  // Strings
  ['%s', '"text"', 'text'],
  ['%s', '""', ''],
  ['[%s] [%s]', '"a", "b"', 'a', 'b'],
  ['%10s|', '"text"', 'text'],
  ['%-10s|', '"text"', 'text'],
  ['%2s|', '"text"', 'text'],
  ['%.2s|', '"text"', 'text'],
  ['%.0s|', '"text"', 'text'],
  ['%.s|', '"text"', 'text'],
  ['%10.2s|', '"text"', 'text'],
  ['%-10.2s|', '"text"', 'text'],
  ['%.10s|', '"text"', 'text'],
  ['%*s|', '10, "text"', 10, 'text'],
  ['%*s|', '-10, "text"', -10, 'text'],
  ['%.*s|', '2, "text"', 2, 'text'],
  ['%.*s|', '-2, "text"', -2, 'text'],
  ['%*.*s|', '-8, 2, "text"', -8, 2, 'text'],
  ['%s', '"%d %n"', '%d %n'],
  ['%s', literal('grün € 😀'), 'grün € 😀'],
  ['%10s|', literal('grün'), 'grün'],
  ['%.4s|', literal('grün'), 'grün'],
  ['%.3s|', literal('grün'), 'grün'], // ends in the middle of a character
  ['%8.3s|', literal('a€b'), 'a€b'],
  ['grün %d €', '1', 1],
  ['%s\n\t%d\r', '"a", 1', 'a', 1],
  // Several
  ['%s: %d%% of %#x, %-5s|%05d', '"read", 50, 4096, "ab", 42', 'read', 50, 4096, 'ab', 42],
  ['%d%d%d%d%d%d%d%d%d%d', '1,2,3,4,5,6,7,8,9,10', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
];

describeWith('cc', 'formats of C', () => {
  const calls = cases.map(([template, c]) => `show(${[literal(template), ...(c === '' ? [] : [c])].join(', ')});`);
  const source = `
    #include <stdarg.h>
    #include <stddef.h>
    #include <stdint.h>
    #include <stdio.h>
    #include <sys/types.h>
    static void show(const char *format, ...) {
      char text[4096];
      va_list values;
      va_start(values, format);
      int length = vsnprintf(text, sizeof text, format, values);
      va_end(values);
      for (int i = 0; i < length; i++) printf("%02x", (unsigned char)text[i]);
      printf("\\n");
    }
    int main(void) { ${calls.join('\n')} return 0; }`;
  let printed: Buffer[] = [];
  beforeAll(() => {
    printed = runC(source)
      .split('\n')
      .slice(0, -1)
      .map((hex) => Buffer.from(hex, 'hex'));
  });

  test('prints all cases in C', () => {
    expect(printed.length).toBe(cases.length);
  });

  test.each(cases.map(([template, c, ...values], index) => ({ template, c, values, index })))(
    'formats $template with ($c)',
    ({ template, values, index }) => {
      // Bytes that are not UTF-8 become U+FFFD in JavaScript.
      expect(format(template, values)).toBe(printed[index]!.toString());
    },
  );
});

describe('invalid formats and values', () => {
  test.each([
    // Conversions that C does not have, or that have no meaning in JavaScript
    ['%', []],
    ['%5', [1]],
    ['text%', []],
    ['%-', [1]],
    ['%l', [1]],
    ['%.', [1]],
    ['%y', [1]],
    ['%n', [1]],
    ['%p', [1]],
    ['%f', [1]],
    ['%e', [1]],
    ['%g', [1]],
    ['%a', [1]],
    ['%S', ['a']],
    ['%C', ['a']],
    ['%m', []],
    ['%1$d', [1]],
    ['%5%', []],
    ['%-%', []],
    ['% ', [1]],
    ['%\n', [1]],
    ['%😀', [1]],
    // Too few, too many
    ['%d', []],
    ['%s %s', ['a']],
    ['%*d', [1]],
    ['%.*s', [1]],
    ['%*.*d', [1, 2]],
    ['', [1]],
    ['text', ['a']],
    ['%%', [1]],
    ['%d', [1, 2]],
    // Types that do not match the conversion
    ['%d', ['1']],
    ['%d', [1.5]],
    ['%d', [NaN]],
    ['%d', [Infinity]],
    ['%d', [2 ** 53]],
    ['%d', [null]],
    ['%d', [undefined]],
    ['%d', [{}]],
    ['%x', ['ff']],
    ['%s', [1]],
    ['%s', [null]],
    ['%s', [undefined]],
    ['%s', [Buffer.from('a')]],
    ['%s', [{}]],
    ['%c', ['']],
    ['%c', ['ab']],
    ['%c', [0]],
    ['%c', [128]],
    ['%c', [1.5]],
    ['%c', [null]],
    ['%*d', ['5', 1]],
    ['%*d', [1.5, 1]],
    ['%.*d', [null, 1]],
    // Wider than any result may be
    ['%10000d', [1]],
    ['%.10000d', [1]],
    ['%*d', [-100000, 1]],
    ['%99999999999999999999d', [1]],
  ] as [string, unknown[]][])('rejects %j with %j', (template, values) => {
    expect(() => format(template, values)).toThrow(wrongValue);
  });
});
