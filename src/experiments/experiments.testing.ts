/** Reproductions small enough for tests: synthetic digits, seconds each. */
import type { Surroundings } from './experiment.ts'

/** @param onPart called with the title of each training, and of each part over test images */
export const quietly = (
  out: string,
  resume = false,
  onPart: (title: string) => void = () => undefined,
): Surroundings => ({
  ...{ out, resume, workers: 1 },
  watch: {
    training: (title) => {
      onPart(`training ${title}`)
      return {}
    },
    part: (title) => {
      onPart(title)
      return () => undefined
    },
  },
})

/** For `onPart`: stops as a kill would, at the part of that number. */
export function stopAt(part: number): (title: string) => void {
  let parts = 0
  return () => {
    if (++parts === part) throw new Error('stopped by the test')
  }
}

/** What a reproduction says except for times, which differ from run to run, and the command, which names no folder. */
export function withoutTimes(value: unknown): unknown {
  const times = ['seconds', 'elapsed', 'training', 'attacks', 'evaluation', 'trainingSeconds', 'machine']
  return JSON.parse(JSON.stringify(value, (key, part) => (times.includes(key) ? 0 : part)))
}
