/** The settings of the runs: first those that were chosen, then those that have their defaults. */
import { formatEpsilon } from './format.ts'
import { type Html, html } from './html.ts'
import type { Settings, Subject } from './subject.ts'

export interface SettingRow {
  readonly name: string
  /** One per run, as text; '–' where a run has no such setting. */
  readonly values: readonly string[]
  /** Whether runs differ in it; of a single run, whether it differs from the default. */
  readonly differs: boolean
}

/** Those that differ first, otherwise in the order of the files. */
export function settingRows(
  runs: readonly { readonly settings: Settings; readonly defaults: Settings }[],
): SettingRow[] {
  const names = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))]
  const rows = names.map((name) => {
    const values = runs.map(({ settings }) => format(name, settings[name]))
    const usual = runs.length > 1 ? values[0] : format(name, runs[0].defaults[name])
    return { name, values, differs: values.some((value) => value !== usual) }
  })
  return [...rows.filter(({ differs }) => differs), ...rows.filter(({ differs }) => !differs)]
}

function format(name: string, value: unknown): string {
  if (value === undefined) return '–'
  if (name === 'epsilons' && Array.isArray(value))
    return `${value.length} values, ${formatEpsilon(Math.min(...value))} to ${formatEpsilon(Math.max(...value))}`
  if (typeof value === 'number' && name.startsWith('epsilon')) return formatEpsilon(value)
  if (typeof value === 'number') return String(Number(value.toPrecision(6)))
  if (value === '') return 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The section; nothing if no subject is a run. */
export function settingsSection(subjects: readonly Subject[]): Html | undefined {
  const runs = subjects.flatMap(({ name, run }, subject) => (run ? [{ ...run, name, subject }] : []))
  if (runs.length === 0) return undefined
  const rows = settingRows(runs)
  const chosen = rows.filter(({ differs }) => differs)
  const rest = rows.filter(({ differs }) => !differs)
  const table = (part: readonly SettingRow[], label: string, mark: boolean) =>
    html` <div class="wide" role="region" aria-label="${label}" tabindex="0">
      <table class="settings">
        <thead>
          <tr>
            <th scope="col">setting</th>
            ${runs.map(({ name, subject }) => html`<th scope="col"><span class="key s${subject}"></span>${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${part.map(
            ({ name, values }) =>
              html`
<tr${mark && html` class="differs"`}><th scope="row">${name}</th>${values.map((value) => html`<td>${value}</td>`)}</tr>`,
          )}
        </tbody>
      </table>
    </div>`
  const [differing, same] =
    runs.length > 1
      ? ['Settings in which the runs differ', 'Settings in which they agree']
      : ['Settings that differ from the defaults', 'Settings at their defaults']
  return html`<section id="settings" aria-labelledby="settings-title">
    <h2 id="settings-title">Settings</h2>
    ${
      chosen.length > 0
        ? html`<h3>${differing}</h3>
            ${table(chosen, differing, true)}`
        : html`<p>${runs.length > 1 ? 'The runs have the same settings.' : 'All settings are at their defaults.'}</p>`
    }
    ${
      rest.length > 0 &&
      html`<details>
        <summary>${same} (${rest.length})</summary>
        ${table(rest, same, false)}
      </details>`
    }
  </section>`
}
