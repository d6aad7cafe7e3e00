import { readFileSync } from 'node:fs'
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
    'architectureSvg',
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
    'featureRadii',
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
    'listGpus',
    'loadDataset',
    'loadNetwork',
    'loadProperty',
    'openGpu',
    'resumeRun',
    'saveNetwork',
    'targetOf',
    'threads',
    'trainRun',
  ])
})

test("the browser's part exports these values and no others", () => {
  expect(Object.keys(browser).toSorted()).toEqual(['openGpu', 'webWorkers'])
})

test('what is exported is explained without files that users do not have', () => {
  const shipped = /^docs\/(commands|library|verification)\.md$/
  const found = ['index.ts', 'node/index.ts', 'browser/index.ts'].flatMap((index) => {
    const path = new URL(`./${index}`, import.meta.url)
    return [...readFileSync(path, 'utf8').matchAll(/from '(\.[^']*)'/g)].map(([, file]) => new URL(file!, path))
  })
  const named = [...new Set(found.map(String))].flatMap((file) => {
    // the comment at the top of a file is for those who read the sources
    const comments = readFileSync(new URL(file), 'utf8').matchAll(/(?<!^)\/\*\*[\s\S]*?\*\//g)
    return [...comments]
      .flatMap(([comment]) => comment.match(/[\w/-]+\.(?:ts|md)\b/g) ?? [])
      .map((name) => `${file}: ${name}`)
  })
  expect(found.length).toBeGreaterThan(50)
  expect(named.filter((name) => !shipped.test(name.split(': ')[1]!))).toEqual([])
})
