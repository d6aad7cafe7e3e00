/** Thrown by long work when its deadline has passed. The code that set the deadline catches it. */
export class TimeIsUp extends Error {
  override readonly name = 'TimeIsUp'
}

/** @param deadline on the clock of performance.now() */
export function checkTime(deadline: number): void {
  if (performance.now() > deadline) throw new TimeIsUp('time is up')
}
