/** The smaller of two bounds, element by element: min(a, b). The gradient goes to the one that is; to the first if they are equal. */
import type { Tape } from '../tape.ts'
import { intoGradient, read, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

export function smaller(plan: Plan, tape: Tape | undefined, a: Values, b: Values): Values {
  const wanted = [a, b].filter(({ wantsGradient }) => wantsGradient)
  const result = plan.values('smaller', a.length, tape !== undefined && wanted.length > 0)
  plan.each(
    'smaller',
    a.length,
    { a: read(a), b: read(b), y: write(result) },
    '  y[i] = select(b[i], a[i], a[i] <= b[i]);',
  )
  tape?.record(() => {
    const { gradient } = result
    if (!gradient) return
    const targets = wanted.map((values) => ({ name: values === a ? 'da' : 'db', ...intoGradient(values) }))
    const uses = targets.map(({ name, use }) => [name, use])
    const lines = targets.map(({ name, assign }) => {
      const part = name === 'da' ? 'select(0.0, g[i], isFirst)' : 'select(g[i], 0.0, isFirst)'
      return `  ${name}[i] ${assign} ${part};`
    })
    plan.each(
      'smaller, back',
      a.length,
      { a: read(a), b: read(b), g: read(gradient), ...Object.fromEntries(uses) },
      ['  let isFirst = a[i] <= b[i];', ...lines].join('\n'),
    )
  })
  return result
}
