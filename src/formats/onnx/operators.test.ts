/** Every operator that is imported, in many forms, against ONNX Runtime. */
import { expect, test } from 'vitest'
import { parseNetwork } from './import.ts'
import { constantModels } from './constant-models.testing.ts'
import { placementModels } from './placement-models.testing.ts'
import { sumModels } from './sum-models.testing.ts'
import { type TestModel, bytesOf, expectAsOracle, node } from './model.testing.ts'
import { operatorModels } from './operator-models.testing.ts'
import { piecewiseModels } from './piecewise-models.testing.ts'
import { windowModels } from './window-models.testing.ts'

/** A ReLU behind each, so that signs matter. */
const onceMore = (model: TestModel): TestModel =>
  model.output === undefined ? { ...model, nodes: [...model.nodes, node('Relu', 'y', 'out')] } : model

for (const [name, model] of Object.entries({
  ...operatorModels,
  ...windowModels,
  ...placementModels,
  ...sumModels,
  ...constantModels,
  ...piecewiseModels,
})) {
  test.each([
    ['', model],
    [', then a ReLU', onceMore(model)],
  ])(`${name}%s`, async (_, tried) => {
    const bytes = bytesOf(tried)
    const { graph } = parseNetwork(bytes, 'test.onnx')
    const shape = tried.input.map((size) => (typeof size === 'string' ? 1 : size))
    expect(graph.inputShape).toEqual(shape.length > 1 && shape[0] === 1 ? shape.slice(1) : shape)
    await expectAsOracle(graph, bytes, shape)
  })
}
