/** Mutants of the attacks that are dialogues, and of what leads them. */
import { type Mutant, mutantsOf, tests as testsOf } from './mutant.ts'

const tests = (...names: readonly string[]) => testsOf(...names.map((name) => `attacks/${name}`))

export const attacks: readonly Mutant[] = [
  ...mutantsOf('src/attacks/losses.ts', tests('losses'), [
    ['gradient[first] -= value / spread', 'gradient[first] += value / spread'],
    ['gradient[fourth] += value / spread / 2', ''],
    ['(logits[third] + logits[fourth]) / 2', 'logits[third]'],
    ['(classes < 4 ? difference : targetedRatio)', '(classes < 3 ? difference : targetedRatio)'],
  ]),
  ...mutantsOf('src/attacks/apgd.ts', tests('apgd'), [
    ['      size /= 2\n', ''],
    ['if (value > best.value) best = { x, value, gradient }', ''],
    ['      moveIntoBall(norm, z, room)\n', ''],
    ['percent - last - 3', 'percent - last'],
  ]),
  ...mutantsOf('src/attacks/hyperplane.ts', tests('hyperplane', 'fab'), [
    ['gain < 0 ? -weight : weight', 'weight'],
    ['sizes[i]! * Math.min(move, caps[i]!)', 'sizes[i]! * move'],
    ['sizes[b]! - sizes[a]!', 'sizes[a]! - sizes[b]!'],
  ]),
  ...mutantsOf('src/attacks/fab.ts', tests('fab'), [
    ['gain: back - value', 'gain: -value'],
    ['x = x.map((share) => WAY_BACK * share)', 'x = x.map((share) => 2 * share)'],
    ['Math.min(room.upper[i]!, Math.max(room.lower[i]!, moved))', 'moved'],
  ]),
  ...mutantsOf('src/attacks/square.ts', tests('square'), [
    ['if (margin < least) [best, least] = [at, margin]', '[best, least] = [at, margin]'],
    ['point.fill(end, row + left, row + left + side)', 'point.fill(random.sign(), row + left, row + left + side)'],
    ['Math.floor(10_000 * done) > at', 'Math.floor(10_000 * done) >= at'],
  ]),
  ...mutantsOf('src/attacks/lead-attacks.ts', tests('lead-attacks'), [
    ['if (lengthIn(this.#victim.norm, this.#at!) <= SURFACE) {', '{'],
    ['const isFound = tried.margin <= 0', 'const isFound = true'],
    ['    this.#worst = undefined\n', ''],
    ["this.#lead.tries === 'each that fools' && ", ''],
    ["new Random(seed, 'attack', purpose, identifier)", "new Random(seed, 'attack', purpose)"],
  ]),
  ...mutantsOf('src/attacks/oracle.ts', tests('oracle'), [
    ['slopes![i * columns + e]! / scaleOf(i).deviation', 'slopes![i * columns + e]!'],
    ['(back[c * columns + e] = slope)', '(back[c * columns] = slope)'],
  ]),
  ...mutantsOf(
    'src/ladder/climb-batch.ts',
    ['src/ladder/steps/auto.test.ts'],
    [['isLast && !isDecided(draft) ? finishRow(draft, incomplete(draft)) : draft', 'draft']],
  ),
]
