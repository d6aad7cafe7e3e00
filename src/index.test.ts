import { expect, test } from 'vitest'
import * as robustra from './index.ts'

test('the public API has these values and no others', () => {
  expect(Object.keys(robustra).toSorted()).toEqual(
    [
      ...[
        'UserError',
        'architectureNamed',
        'architectureNames',
        'attack',
        'attackMethods',
        'certify',
        'certifyMethods',
      ],
      ...['countHiddenUnits', 'countParameters', 'curvesSvg', 'datasetNames', 'dualBounds', 'evaluate', 'initialise'],
      ...['intervalBounds', 'loadDataset', 'loadNetwork', 'methods', 'parameterLayout', 'presets', 'resume'],
      ...['saveNetwork', 'takeRange', 'train', 'trainMutual', 'trainingOptions'],
      ...[
        'classificationQuestion',
        'completeMethods',
        'domains',
        'evaluateGraph',
        'graphOf',
        'loadAnyNetwork',
        'norms',
      ],
      ...['readVnnlib', 'saveAnyNetwork', 'verifyQuestion'],
    ].toSorted(),
  )
})
