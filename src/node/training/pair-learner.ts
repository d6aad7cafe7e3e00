/** The process of one learner of a pair: trains it, epoch by epoch, as pair-processes.ts tells it to. */
import { threads } from '../threads.ts'
import { RunFolder } from './checkpoint.ts'
import type { Answer, LearnerSetup, Order } from './pair-processes.ts'
import { loadRunData } from './run-data.ts'
import { startLearners } from '../../training/learner.ts'
import { Trainer } from '../../training/trainer.ts'

// Whether the run was stopped, done, or killed: with the channel to it, this process ends.
process.on('disconnect', () => process.exit())
if (!process.connected) process.exit()
// A terminal sends Ctrl-C to all processes; the run is the one that answers it.
process.on('SIGINT', () => undefined)

const tell = (answer: Answer) => process.send!(answer, undefined, undefined, () => undefined)

/** Does not end the process: the run does, once it has read the message. */
const tellError = ({ name, message, stack }: Error) => tell({ error: { name, message, stack } })

async function prepare(setup: LearnerSetup): Promise<(epoch: number) => Promise<void>> {
  const folder = new RunFolder(setup.folder)
  const options = folder.options()
  const data = await loadRunData(options, setup)
  const learners = startLearners(options, data.architecture)
  const index = learners.findIndex(({ name }) => name === setup.name)
  const trainer = new Trainer(options, data, learners, threads(setup.workers))
  return async (epoch) => {
    folder.restore(learners)
    const report = await trainer.trainLearner(index, epoch, (progress) => tell({ progress }))
    folder.saveLearner(learners[index], report)
    tell({ done: epoch })
  }
}

const prepared = prepare(JSON.parse(process.argv[2]))
prepared.catch(tellError)
process.on('message', ({ epoch }: Order) => void prepared.then((train) => train(epoch)).catch(tellError))
