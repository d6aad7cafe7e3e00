/** Numbers and words of a report, the same in every section. */
import type { Ball } from '../region/ball.ts'
import { describeNorm } from '../region/norm.ts'
import { type StepName, steps } from '../ladder/steps/index.ts'

/** '0.1', or '2/255' where that is what it is. */
export function formatEpsilon(epsilon: number): string {
  const plain = String(Number(epsilon.toPrecision(4)))
  const of255 = Math.round(epsilon * 255)
  const isFraction = of255 > 0 && Math.abs(epsilon * 255 - of255) < 1e-6
  return isFraction && plain.length > 5 ? `${of255}/255` : plain
}

/** 'ε = 2/255 (ℓ∞)' */
export const formatBall = ({ epsilon, epsilons, norm }: Omit<Ball, 'domain'>): string =>
  epsilons
    ? `ε per feature, at most ${formatEpsilon(epsilon)} (${describeNorm(norm)})`
    : `ε = ${formatEpsilon(epsilon)} (${describeNorm(norm)})`

/** '4.84 %', or '–' if it was not measured. */
export const formatShare = (share: number | null | undefined, digits = 2): string =>
  share == null ? '–' : `${(100 * share).toFixed(digits)} %`

/** '10,000' */
export const formatCount = (count: number): string => count.toLocaleString('en')

/** '3.31', '−0.0017', '3.7·10⁻⁶': three digits, with a real minus sign. */
export function formatNumber(value: number | null): string {
  if (value === null) return '–'
  if (value !== 0 && Math.abs(value) < 1e-3) {
    const [factor, exponent] = value.toExponential(1).split('e') as [string, string]
    return `${minus(factor)}·10⁻${[...exponent.slice(1)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`
  }
  return minus(String(Number(value.toPrecision(3))))
}

const minus = (text: string) => text.replaceAll('-', '−')

/** '7 s', '3 min 20 s', '2 h 5 min'; below ten seconds with a decimal. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** What a step of the ladder is, for people. */
export const titleOf = (step: StepName): string => steps.find(({ name }) => name === step)!.title
