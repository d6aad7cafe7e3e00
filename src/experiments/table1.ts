/** Table 1: layers, hidden units and parameters of the five networks, counted from their architectures. */
import { csv } from '../formats/write-csv.ts'
import { architectureNamed } from '../model/architectures.ts'
import { countHiddenUnits, countParameters } from '../model/network.ts'
import { formatCount } from '../report/format.ts'
import { barChart } from './bar-chart.ts'
import { type Reproduction, type Surroundings, workIn } from './experiment.ts'
import { paperTable1 } from './paper.ts'
import { commandOf, markdownTable, writeReproduction } from './text.ts'

const counts = ['layers', 'hiddenUnits', 'parameters'] as const

export const table1 = ({ out, resume }: Pick<Surroundings, 'out' | 'resume'>): Promise<Reproduction> =>
  workIn({ out, settings: {}, resume }, () => describe(out))

function describe(out: string): Reproduction {
  const rows = paperTable1.map(({ architecture, ...paper }) => {
    const built = architectureNamed(architecture)
    return {
      architecture,
      ours: {
        // layers that follow one another: the convolutions of a residual block's skip lie beside others
        layers: built.layers.filter(
          ({ kind, ...layer }) => (kind === 'convolution' || kind === 'linear') && !('from' in layer),
        ).length,
        hiddenUnits: countHiddenUnits(built),
        parameters: countParameters(built),
      },
      paper,
    }
  })
  const differing = rows.flatMap(({ architecture, ours, paper }) =>
    counts
      .filter((count) => ours[count] !== paper[count])
      .map((count) => ({ architecture, count, ours: ours[count], paper: paper[count] })),
  )
  const names = { layers: 'layers', hiddenUnits: 'hidden units', parameters: 'parameters' }
  const text = [
    '# Table 1: the networks\n\n',
    markdownTable(
      ['network', ...counts.flatMap((count) => [names[count], 'paper'])],
      rows.map(({ architecture, ours, paper }) => [
        architecture,
        ...counts.flatMap((count) => [formatCount(ours[count]), formatCount(paper[count])]),
      ]),
    ),
    '\n',
    ...differing.map(
      ({ architecture, count, ours, paper }) =>
        `The paper prints ${formatCount(paper)} ${names[count]} for ${architecture}; there are ${formatCount(ours)}.\n`,
    ),
    differing.some(({ architecture }) => architecture === 'mnist-large')
      ? 'That count does not fit the paper’s own number of parameters, which ours has exactly: the first layer alone\n' +
        'has 25,088 units. Presumably a misprint of the first digit.\n'
      : '',
    `\nAll other numbers agree. Layers are those with weights, one after the other. Made by \`${commandOf('table1', {})}\`.\n`,
  ].join('')
  return writeReproduction(out, 'table1', {
    data: { rows, differing },
    csv: csv(
      ['network', ...counts.flatMap((count) => [count, `${count}_paper`])],
      rows.map(({ architecture, ours, paper }) => [
        architecture,
        ...counts.flatMap((count) => [ours[count], paper[count]]),
      ]),
    ),
    text,
    svg: barChart(
      'Table 1: the networks',
      [
        { title: 'hidden units', format: formatCount },
        { title: 'parameters', format: formatCount },
      ],
      [
        { label: 'ours', colour: 'blue' },
        { label: 'the paper', colour: 'blue', faded: true },
      ],
      rows.map(({ architecture, ours, paper }) => ({
        label: architecture,
        values: [
          [ours.hiddenUnits, paper.hiddenUnits],
          [ours.parameters, paper.parameters],
        ],
      })),
    ),
  })
}
