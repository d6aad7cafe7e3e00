/** Errors that cross from one thread to another: class, message, stack, code and cause arrive as they were. */
import { TimeIsUp } from '../base/deadline.ts'
import { UserError } from '../base/errors.ts'

/** What was thrown, as a message carries it. */
export type Thrown =
  | { readonly value: unknown }
  | {
      readonly name: string
      readonly message: string
      readonly stack: string | undefined
      readonly code: unknown
      readonly cause: Thrown | undefined
    }

const classes = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, TimeIsUp, UserError }

export function pack(thrown: unknown): Thrown {
  if (!(thrown instanceof Error)) return { value: canBeSent(thrown) ? thrown : String(thrown) }
  const { name, message, stack, cause } = thrown
  const code = 'code' in thrown && canBeSent(thrown.code) ? thrown.code : undefined
  return { name, message, stack, code, cause: cause === undefined ? undefined : pack(cause) }
}

export function unpack(thrown: Thrown): unknown {
  if ('value' in thrown) return thrown.value
  const { name, message, stack, code, cause } = thrown
  const Class: new (message: string) => Error = classes[name as keyof typeof classes] ?? Error
  const error = new Class(message)
  if (error.name !== name) error.name = name
  if (stack !== undefined) error.stack = stack
  if (cause !== undefined) error.cause = unpack(cause)
  if (code !== undefined) Object.assign(error, { code })
  return error
}

function canBeSent(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}
