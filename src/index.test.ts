import { expect, test } from 'vitest'
import * as browser from './browser/index.ts'
import * as core from './index.ts'
import * as node from './node/index.ts'

test('the core exports these values and no others', () => {
  expect(Object.keys(core).toSorted()).toEqual([
    'UserError',
    'architectureNamed',
    'architectureNames',
    'architectureOf',
    'architectureText',
    'attackImages',
    'attackMethods',
    'certify',
    'className',
    'classificationQuestion',
    'completeMethods',
    'countHiddenUnits',
    'countParameters',
    'curvesSvg',
    'datasetOf',
    'domainNames',
    'dualBounds',
    'encodeNetwork',
    'evaluate',
    'evaluateGraph',
    'graphOf',
    'initialise',
    'inlineExecutor',
    'intervalBounds',
    'normNames',
    'parameterLayout',
    'parseNetwork',
    'parseProperty',
    'parseSafetensors',
    'pixelsAt',
    'randomStart',
    'robustnessQuestion',
    'startFrom',
    'stepNames',
    'summarise',
    'syntheticDigits',
    'tableOf',
    'takeRange',
    'train',
    'trainingData',
    'trainingMethods',
    'trainingOptions',
    'trainingPresets',
    'verify',
  ])
})

test("Node's part exports these values and no others", () => {
  expect(Object.keys(node).toSorted()).toEqual([
    'certifyToFile',
    'datasetNames',
    'loadDataset',
    'loadNetwork',
    'loadProperty',
    'resumeRun',
    'saveNetwork',
    'targetOf',
    'threads',
    'trainRun',
  ])
})

test("the browser's part exports these values and no others", () => {
  expect(Object.keys(browser)).toEqual(['webWorkers'])
})
