/** Numbers as WGSL writes them. */

/** A float, as exact as float32 has it. */
export function float(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`WGSL has no literal for ${value}`)
  return `${Math.fround(value)}f`
}

/** `fn name(channel: u32) -> f32`, whatever the values are. @param values one for each channel */
export function perChannel(name: string, values: readonly number[]): string {
  const head = `fn ${name}(channel: u32) -> f32`
  if (values.every((value) => value === values[0])) return `${head} { return ${float(values[0])}; }`
  const list = values.map(float).join(', ')
  return `const ${name}_of = array<f32, ${values.length}>(${list});\n${head} { return ${name}_of[channel]; }`
}
