/** The measurements of networks.ts as tables. */
import { writeFileSync } from 'node:fs'
import { type CaseResult, type NetworksRequest, costOfNetworks, measureCase } from './networks.ts'
import { column } from './print.ts'

/** Time, peak memory and the cheaper way to bound, case by case. @param file for the figures as JSON lines */
export async function printNetworks(request: NetworksRequest, file: string | undefined): Promise<void> {
  console.log(
    `\nRobustra step, batch ${request.batch}, ${request.workers} workers: ms per image (peak memory of the process in MB)\n` +
      `${'network'.padEnd(15)} ${'weights'.padEnd(22)} ${'ε'.padStart(7)} ${'rows'.padStart(6)}` +
      '            exact        projected             auto  projected / exact',
  )
  const lines: string[] = []
  for await (const results of costOfNetworks(request)) {
    const [exact, projected] = results as [CaseResult, CaseResult]
    const { architecture, start, epsilon } = exact
    const ratio = exact.cost && projected.cost && projected.cost.millisecondsPerImage / exact.cost.millisecondsPerImage
    console.log(
      [
        architecture.padEnd(15),
        (start === '' ? 'random' : start.split('/').slice(-2).join('/')).slice(-22).padEnd(22),
        epsilon.toPrecision(3).padStart(7),
        exact.cost ? column(exact.cost.rows, 6, 0) : '     –',
        ...results.map((result) => timeAndMemory(result, request.seconds).padStart(16)),
        ratio === undefined ? '' : `${ratio.toFixed(2)}: ${ratio < 1 ? 'projected' : 'exact'}`.padStart(18),
      ].join(' '),
    )
    lines.push(...results.map((result) => JSON.stringify(result)))
    if (file !== undefined) writeFileSync(file, `${lines.join('\n')}\n`)
  }
}

const timeAndMemory = ({ cost, peakMegabytes }: CaseResult, seconds: number) =>
  `${cost ? cost.millisecondsPerImage.toFixed(1) : `stopped ${seconds} s`} (${peakMegabytes.toFixed(0)})`

/** Speed-up of Robustra steps over workers, from each start, with exact bounds and those that training chooses. */
export async function printSpeedUp(
  architecture: string,
  { batch, data, seconds, weights }: Omit<NetworksRequest, 'networks' | 'workers'>,
  counts: readonly number[],
  epsilon: number,
): Promise<void> {
  const starts = ['', ...weights.filter((given) => given.architecture === architecture).map(({ path }) => path)]
  for (const start of starts) {
    for (const bounds of ['exact', 'auto'] as const) {
      const times: number[] = []
      for (const workers of counts) {
        const step = { architecture, method: 'robustra', bounds, epsilon, start, batch, workers } as const
        const { cost } = await measureCase({ ...step, data: data('mnist') }, seconds)
        times.push(cost?.millisecondsPerImage ?? NaN)
      }
      const speedUps = counts.map((workers, i) => `${workers}: ${(times[0] / times[i]).toFixed(2)}`)
      const last = times[0] / times.at(-1)! / counts.at(-1)!
      console.log(
        `${architecture}, ${start || 'random start'}, ${bounds}: ${times[0].toFixed(0)} ms per image on one worker; ` +
          `${speedUps.join(', ')} (efficiency ${(100 * last).toFixed(0)} %)`,
      )
    }
  }
}
