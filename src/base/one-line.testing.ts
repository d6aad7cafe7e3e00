/** What an error looks like that users see. */
import { expect } from 'vitest'

/** A `UserError` whose message is one line with this in it. */
export const oneLine = (pattern: RegExp) =>
  expect.objectContaining({
    name: 'UserError',
    message: expect.stringMatching(new RegExp(`^[^\\n]*${pattern.source}[^\\n]*$`)),
  })
