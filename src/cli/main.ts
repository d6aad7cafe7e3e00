#!/usr/bin/env node
/** The `robustra` command. Imports nothing by itself, so that an old Node gets a message and no syntax error. */
const major = Number(process.versions.node.split('.')[0])
if (major < 20) {
  console.error(
    `robustra: needs Node 20 or newer, this is ${process.version}: install one, for example by 'npm i node@24'`,
  )
  process.exit(2)
}
const { guardStreams } = await import('./streams.ts')
guardStreams()
const { run } = await import('./run.ts')
const code = await run(process.argv.slice(2))
// An error may leave workers behind; they must not keep the process.
if (code === 0) process.exitCode = 0
else process.exit(code)
