/** Draws charts as SVG, which needs neither a browser nor a script in the page. */
import * as echarts from 'echarts';

/** A row of numbers with a name; a number that is missing leaves a gap. */
export interface Series {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

/** The colours of the series, distinct for most kinds of colour blindness (after Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999999', '#8c564b'];
const OURS = '#0072b2';
const OTHERS = '#a9b4bd';
const common = { animation: false, textStyle: { fontFamily: 'sans-serif' }, backgroundColor: '#fff' } as const;

/** Horizontal bars, one for each label. With several series, the bars are stacked. Empty if there are no numbers. */
export function bars(
  title: string,
  labels: readonly string[],
  series: readonly Series[],
  isOurs: (label: string) => boolean,
): string {
  if (series.every(({ values }) => values.every((value) => value === undefined))) return '';
  const stacked = series.length > 1;
  return draw(440, 76 + 22 * labels.length + (stacked ? 20 : 0), {
    ...common,
    title: titleOf(title),
    grid: { left: 8, right: 56, top: stacked ? 52 : 32, bottom: 8, outerBoundsMode: 'same' },
    ...(stacked && { legend: { top: 22, left: 0, padding: 0, itemGap: 24, itemHeight: 10 } }),
    xAxis: { type: 'value', splitNumber: 3 },
    yAxis: { type: 'category', data: [...labels], inverse: true, axisTick: { show: false } },
    series: series.map(({ name, values }, index) => ({
      name,
      type: 'bar',
      ...(stacked && { stack: 'all', itemStyle: { color: COLOURS[index]! } }),
      data: values.map((value, i) => ({
        value: value ?? '-',
        ...(!stacked && { itemStyle: { color: isOurs(labels[i]!) ? OURS : OTHERS } }),
      })),
      ...(!stacked && {
        label: { show: true, position: 'right', formatter: ({ value }: { value: unknown }) => short(Number(value)) },
      }),
    })),
  });
}

/** Lines over the values `x`, which have equal distances; the other axis may be logarithmic. */
export function lines(
  title: string,
  xName: string,
  x: readonly number[],
  series: readonly Series[],
  y: 'value' | 'log',
): string {
  return draw(700, 400, {
    ...common,
    color: COLOURS,
    title: titleOf(title),
    legend: { orient: 'vertical', left: 500, top: 36, itemHeight: 10 },
    grid: { left: 8, right: 200, top: 44, bottom: 32, outerBoundsMode: 'same' },
    xAxis: {
      type: 'category',
      data: x.map((value) => value.toLocaleString('en')),
      name: xName,
      nameLocation: 'middle',
    },
    yAxis: { type: y, axisLabel: { formatter: short } },
    series: series.map(({ name, values }) => ({
      name,
      type: 'line',
      symbolSize: 6,
      data: values.map((value) => value ?? '-'),
    })),
  });
}

function titleOf(text: string): object {
  return { text, left: 0, top: 0, padding: 0, textStyle: { fontSize: 14 } };
}

function draw(width: number, height: number, option: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** A number with three significant digits, or without decimal places if it is long. */
function short(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString('en')
    : value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
