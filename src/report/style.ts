/** The style sheet of a report: light and dark, screen and paper, wide and narrow. */

import { steps } from '../ladder/steps/index.ts'

/** What the steps of the ladder decide: 'robust-lp', 'vulnerable-pgd'. */
const fillsOfSteps = (scheme: 'light' | 'dark'): Record<string, string> =>
  Object.fromEntries(
    steps.flatMap(({ name, report: { robust, vulnerable } }) => [
      ...(robust ? [[`robust-${name}`, robust[scheme]]] : []),
      ...(vulnerable ? [[`vulnerable-${name}`, vulnerable[scheme]]] : []),
    ]),
  )

/** Of runs, or of the networks of a single one: dark enough to be read as text on white, light enough on black. */
const series = {
  light: ['#0b62c4', '#b34a00', '#15743a', '#7a3fb8', '#b0246f', '#0a6f7d', '#7a5a00', '#55606e'],
  dark: ['#5aa9ff', '#ff9d5c', '#63d08a', '#c79bff', '#ff8fc2', '#4fd0dd', '#e2c04f', '#a9b4c2'],
}

interface Scheme {
  readonly paper: string
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly panel: string
  readonly mark: string
  readonly fills: Readonly<Record<string, string>>
  readonly series: readonly string[]
}

const light: Scheme = {
  ...{ paper: '#ffffff', ink: '#1c2430', soft: '#566170', line: '#dde2e8', panel: '#f5f7f9', mark: '#0a6b35' },
  fills: {
    ...fillsOfSteps('light'),
    undecided: '#a3abb6',
    ...{ robust: '#3f8f5f', attacked: '#dd6b52', wrong: '#8f3626' },
    ...{ inactive: '#c3ccd7', unstable: '#dd6b52', active: '#2f6fb5' },
    ...{ loose: '#c3ccd7', tight: '#dd6b52', infeasible: '#2f6fb5' },
  },
  series: series.light,
}

const dark: Scheme = {
  ...{ paper: '#11161d', ink: '#e7ebf0', soft: '#9fa9b6', line: '#2a333f', panel: '#181f28', mark: '#6bd394' },
  fills: {
    ...fillsOfSteps('dark'),
    undecided: '#717c8a',
    ...{ robust: '#4fae78', attacked: '#e0705a', wrong: '#9c4a3b' },
    ...{ inactive: '#4a5564', unstable: '#e0705a', active: '#5aa0e6' },
    ...{ loose: '#4a5564', tight: '#e0705a', infeasible: '#5aa0e6' },
  },
  series: series.dark,
}

const variables = ({ fills, series, ...rest }: Scheme): string =>
  [
    ...Object.entries(rest).map(([name, colour]) => `--${name}:${colour}`),
    ...Object.entries(fills).map(([name, colour]) => `--${name}:${colour}`),
    ...series.map((colour, i) => `--s${i}:${colour}`),
  ].join(';')

const fillRules = Object.keys(light.fills)
  .map((name) => `.fill-${name}{fill:var(--${name});background:var(--${name})}`)
  .join('\n')

const seriesRules = light.series
  .map(
    (_, i) =>
      `path.s${i}{stroke:var(--s${i})} text.s${i},circle.s${i}{fill:var(--s${i})} .key.s${i},.swatch.s${i}{background:var(--s${i})}`,
  )
  .join('\n')

export const style = `
:root{color-scheme:light dark;${variables(light)}}
@media (prefers-color-scheme:dark){:root{${variables(dark)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
main,header,footer{max-width:1180px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
h1{font-size:30px;line-height:1.2;margin:0 0 8px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:21px;margin:0 0 14px}
h3{font-size:16px;margin:24px 0 10px;overflow-wrap:anywhere}
h4{font-size:14px;margin:16px 0 8px;color:var(--soft);font-weight:600}
section{padding:34px 0 10px;border-top:1px solid var(--line);margin-top:26px}
p{margin:0 0 10px;max-width:76ch}
.soft,.note,figcaption,footer{color:var(--soft)}
p.soft{font-size:14px;margin-bottom:6px}
.note{font-size:14px;margin-top:12px}
h3 .soft{font-weight:400;white-space:nowrap}
nav ul,.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 12px;padding:0;font-size:14px}
nav a{color:var(--s0);text-underline-offset:3px}
.legend li{display:flex;align-items:center;gap:8px}
.sample{width:30px;height:8px;flex:none}
.key,.swatch{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:8px;flex:none;vertical-align:-1px}
.legend .swatch{margin:0}
.wide{overflow-x:auto}
.wide:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--s0);outline-offset:2px}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;min-width:100%}
th,td{text-align:left;padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
td,thead th{white-space:nowrap}
thead th{color:var(--soft);font-size:13px;vertical-align:bottom}
tbody th{font-weight:500}
th:last-child,td:last-child{padding-right:0}
.number{text-align:right}
.best{font-weight:650}
.mark{color:var(--mark)}
#errors tbody th{min-width:11em;overflow-wrap:anywhere}
#errors th,#errors td{padding-right:12px}
#errors .words{white-space:normal;min-width:9.5em;overflow-wrap:anywhere}
.settings{min-width:0}
.settings td,.settings thead th{white-space:normal;overflow-wrap:anywhere;min-width:7em}
.differs td,.differs th{font-weight:600}
details{margin-top:12px}
summary{cursor:pointer;font-size:14px;color:var(--soft);padding:4px 0}
.charts,.pairs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:22px 34px}
.pairs>div{min-width:0}
.pairs h3{margin-top:6px}
figure{margin:0}
.chart{max-width:560px;min-width:0}
.chart figcaption{font-size:14px;font-weight:600;color:var(--ink);margin-bottom:4px}
.chart svg{display:block;width:100%;height:auto}
svg text{font-size:13px;fill:var(--soft)}
svg text.plain{fill:var(--ink)}
.grid{stroke:var(--line);fill:none}
.curve{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
.dashed{stroke-dasharray:5 4.5}
.dotted{stroke-dasharray:1 5}
.zero{stroke:var(--ink);stroke-width:1.2;fill:none}
.matrix{min-width:0}
.matrix th,.matrix td{padding:4px 8px}
.matrix .same{background:color-mix(in srgb,var(--robust) var(--share),var(--paper))}
.matrix .other{background:color-mix(in srgb,var(--attacked) var(--share),var(--paper))}
.split{display:block;width:100%;height:20px;border-radius:4px;margin:2px 0 12px}
.bar{width:40%;min-width:110px}
.bar .split{height:14px;margin:4px 0}
${seriesRules}
${fillRules}
.gallery{list-style:none;margin:0 0 14px;padding:0;display:flex;flex-wrap:wrap;gap:18px 26px}
.gallery figure{font-size:13px;line-height:1.4}
.gallery figcaption b{color:var(--ink)}
.pictures{display:flex;gap:4px;margin-bottom:6px}
.pictures img{image-rendering:pixelated;display:block;max-width:100%;height:auto;border-radius:2px;outline:1px solid var(--line);outline-offset:-1px}
footer{padding:26px 24px 40px;font-size:13px}
@media (max-width:600px){
main,header,footer{padding-left:16px;padding-right:16px}
header{padding-top:24px}
h1{font-size:24px}
.gallery{gap:16px}
.bar{min-width:64px}
th,td{padding-right:9px}
.matrix th,.matrix td{padding:3px 4px}
}
@media screen and (max-width:760px){
#errors table,#errors tbody{display:block}
#errors thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
#errors tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,200px),1fr));gap:0 24px;padding:10px 0;border-bottom:1px solid var(--line)}
#errors th[scope=row]{grid-column:1/-1;border:0;padding-bottom:4px}
#errors td{display:flex;justify-content:space-between;gap:12px;border:0;padding:2px 0;text-align:right}
#errors td::before{content:attr(data-title);flex:none;color:var(--soft);font-weight:400}
}
@media print{
:root{${variables(light)}}
body{font-size:11pt}
main,header,footer{max-width:none;padding:0}
nav{display:none}
summary{list-style:none}
section{break-before:auto;padding-top:14px;margin-top:14px}
figure,tr,li,h2,h3,h4{break-inside:avoid}
h2,h3,h4{break-after:avoid}
table,thead th{font-size:8pt}
#errors th,#errors td{font-size:7pt;padding-right:6px}
th,td{padding:3px 8px 3px 0}
.wide{overflow:visible}
#errors tbody th{min-width:8em}
#errors .words{min-width:6em}
details::details-content{content-visibility:visible;block-size:auto}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`
