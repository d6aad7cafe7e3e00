import { expect, test } from 'vitest'
import * as core from './index.ts'
import * as node from './node/index.ts'

const names = (module: object) => Object.keys(module).toSorted().join(' ')

test('the core exports these values and no others', () => {
  expect(names(core)).toBe(
    [
      'UserError architectureNamed architectureNames attackImages attackMethods certify',
      'classificationQuestion completeMethods countHiddenUnits countParameters curvesSvg domainNames dualBounds',
      'encodeNetwork evaluate evaluateGraph graphOf initialise intervalBounds normNames parameterLayout parseNetwork',
      'parseProperty parseSafetensors pixelsAt randomStart robustnessQuestion startFrom stepNames summarise syntheticDigits',
      'takeRange train trainingData trainingMethods trainingOptions trainingPresets verify',
    ].join(' '),
  )
})

test("Node's part exports these values and no others", () => {
  expect(names(node)).toBe(
    'certifyToFile datasetNames loadDataset loadNetwork loadProperty resumeRun saveNetwork targetOf threads trainRun',
  )
})
