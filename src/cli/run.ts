/** Runs a command line and turns what goes wrong into a line on stderr and an exit code. */
import { CommanderError } from 'commander'
import { UserError } from '../base/errors.ts'
import { advised } from './advice.ts'
import { located } from './located.ts'
import { createProgram } from './program.ts'

/**
 * @param args without node and script
 * @returns the exit code: 0, 2 for a mistake of the user's, 1 for one of ours
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(args)
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return reportUsage(error, args)
    if (error instanceof UserError) {
      console.error(`robustra: ${oneLine(advised(located(error)).message)}`)
      return 2
    }
    console.error(error)
    return 1
  }
}

function reportUsage(error: CommanderError, args: readonly string[]): number {
  if (error.exitCode === 0) return 0
  // Without any command, commander has printed the help.
  if (args.length === 0) return 2
  const message = oneLine(error.message.replace(/^error: /, '')).replace(
    / \(Did you mean (.*)\?\)$/,
    ": did you mean '$1'?",
  )
  console.error(`robustra: ${message}`)
  return 2
}

const oneLine = (text: string) => text.replaceAll(/\s*\n\s*/g, ' ')
