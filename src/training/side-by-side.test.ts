import { expect, it } from 'vitest'
import { inline } from '../jobs/inline.ts'
import { threads } from '../node/threads.ts'
import { type Learner, startLearners } from './learner.ts'
import { tinyArchitecture, tinyData, tinyOptions } from './tiny.testing.ts'
import { type TrainingState, train } from './train.ts'
import { Trainer } from './trainer.ts'

const options = tinyOptions({ method: 'robustra', parallelPair: true })

const plain = (learners: readonly Learner[]) =>
  learners.map(({ name, steps, state }) => [name, steps, ...Object.values(state).map((values) => [...values])])

/** The same schedule by one trainer: one learner after the other, with the other's weights put back for it. */
async function inTurn() {
  const learners = startLearners(options, tinyArchitecture)
  const [f] = learners as [Learner, Learner]
  const copy = () => ({ steps: f.steps, parameters: f.state.parameters.slice() })
  const put = ({ steps, parameters }: ReturnType<typeof copy>) => {
    f.steps = steps
    f.state.parameters.set(parameters)
  }
  const trainer = new Trainer(options, tinyData, learners, { executor: inline })
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const before = copy()
    await trainer.trainLearner(0, epoch)
    const after = copy()
    put(before)
    await trainer.trainLearner(1, epoch)
    put(after)
  }
  await trainer.close()
  return plain(learners)
}

it('each learns from the other as it was after the epoch before, on any executor', async () => {
  const expected = await inTurn()
  for (const executor of [inline, threads(3)]) {
    let end: TrainingState | undefined
    for await (const { state } of train(options, tinyData, { executor })) end = state
    expect(plain(end!.learners)).toEqual(expected)
  }
})
