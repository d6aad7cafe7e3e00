import { describe, expect, it } from 'vitest'
import { UserError } from '../base/errors.ts'
import { oneLine } from '../base/one-line.testing.ts'
import { parseArchitectureFile } from './architecture-file.ts'

const tables = `# a network
name = "mine"

[[layers]]
kind = "conv"
channels = 16
kernel = 4
stride = 2
padding = 1

[[layers]]
kind = "batch norm"
[[layers]]
kind = "relu"

[[layers]]
kind = "sum"
branches = [
  [{ kind = "conv", channels = 16, kernel = 3, padding = 1, groups = 4 }, "relu"],
  "identity",
]
[[layers]]
kind = "average"
kernel = 2
[[layers]]
kind = "linear"
`

describe('layers from a file', () => {
  it('as tables of TOML', () => {
    const { text, lines } = parseArchitectureFile(tables, 'folder/net.toml')
    expect(text).toBe(
      'mine: conv 16 4 2 1, batch norm, relu, (conv 16 3 1 1 groups 4, relu + identity), average 2, linear',
    )
    expect(lines).toEqual([4, 11, 13, 16, 16, 16, 22, 25])
  })

  it('as a list in TOML, with comments and strings that hold what ends a list', () => {
    const toml = 'layers = [ # ]\n  "linear 3", \n  # "relu",\n  { kind = "relu" }, \'\'\'\n  linear\'\'\'\n]\n'
    expect(parseArchitectureFile(toml, '/a/my.net.toml')).toEqual({
      text: 'my.net: linear 3, relu, linear',
      lines: [2, 4, 4],
    })
  })

  it('whose name is that of the file, unless a known architecture is called so', () => {
    expect(parseArchitectureFile('layers = ["linear"]', 'mine.toml').text).toBe('mine: linear')
    expect(parseArchitectureFile('layers = ["linear"]', 'cnn-7.toml').text).toBe('linear')
    expect(parseArchitectureFile('name = "cnn-7"\nlayers = ["linear"]', 'mine.toml').text).toBe('cnn-7: linear')
  })

  it('as JSON', () => {
    const json = `{"name": "a + b",
      "layers": [{"kind": "normalise", "mean": [0.5, 0.25],
        "deviation": [1, 2]},
        "linear 4, relu",
        {"kind": "conv", "channels": 2, "kernel": 1, "from": 1}, {"kind": "add", "layer": 1},
        {"kind": "linear", "outputs": 3}]}`
    expect(parseArchitectureFile(json, 'net.json')).toEqual({
      text: 'a - b: normalise 0.5 0.25 / 1 2, linear 4, relu, conv 2 1 from 1, add 1, linear 3',
      lines: [2, 4, 4, 5, 5, 6],
    })
  })
})

describe('a mistake in a file is named with its line', () => {
  const layer = (fields: string) => `\n[[layers]]\nkind = "relu"\n[[layers]]\n${fields}\n`
  it.each<[string, string, string | RegExp]>([
    [
      'net.toml',
      layer('kind = "conv"\nchannels = 3'),
      'net.toml, line 4: conv needs channels and kernel, but has no kernel',
    ],
    ['net.toml', layer('kind = "conv"\nchanels = 3'), 'net.toml, line 4: conv has no chanels: did you mean channels?'],
    ['net.toml', layer('kind = "conf"'), "net.toml, line 4: unknown kind of layer 'conf': did you mean 'conv'?"],
    ['net.toml', layer('channels = 3'), 'net.toml, line 4: the layer has no kind, such as kind = "relu"'],
    [
      'net.toml',
      layer('kind = "conv"\nchannels = "x"\nkernel = 3'),
      /net\.toml, line 4: write it as conv channels kernel/,
    ],
    [
      'net.toml',
      layer('kind = "sum"\nbranches = [["relu"]]'),
      'net.toml, line 4: sum needs branches, which are two lists of layers',
    ],
    ['net.toml', layer('kind = "sum"\nbranches = ["relu", ""]'), /net\.toml, line 4: architecture: a layer expected/],
    [
      'net.toml',
      'layers = [\n"relu",\n"lienar"]',
      "net.toml, line 3: there is no layer 'lienar': did you mean 'linear'?",
    ],
    ['net.toml', 'layers = [\n"relu",\n7]', 'net.toml, line 3: a layer must be a table, not 7'],
    ['net.toml', '', 'net.toml has no layers: each is a table [[layers]] with a kind, such as kind = "relu"'],
    ['net.toml', 'layer = []', "net.toml: unknown entry 'layer': did you mean 'layers'?"],
    ['net.toml', 'name = 3\nlayers = ["relu"]', 'net.toml: the name must be a text'],
    ['net.toml', 'name = "a"\nlayers = [', /net\.toml is not valid TOML, line 2: /],
    ['net.json', '{"layers": [}', /net\.json is not valid JSON: /],
    ['net.json', '[]', 'net.json does not hold layers by name'],
    ['net.yaml', 'layers:', 'net.yaml: layers are read from .json and .toml files only'],
  ])('%s: %j', (path, text, message) => {
    const parse = () => parseArchitectureFile(text, path)
    expect(parse).toThrow(UserError)
    expect(parse).toThrow(typeof message === 'string' ? new UserError(message) : oneLine(message))
  })
})
