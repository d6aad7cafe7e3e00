import { describe, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { decodeJpeg, isJpeg, jpegSize } from './decode-jpeg.ts'
import { mutateBytes } from './mutate.testing.ts'

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'))

/** Pictures of 11 × 9 pixels, written by libjpeg's cjpeg, and their pixels as libjpeg's djpeg -nosmooth -dct float has them. */
const pictures = {
  grey: {
    file:
      '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYn' +
      'KSopGR8tMC0oMCUoKSj/wAALCAAJAAsBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAACAYH/8QAIBAAAgAEBwAAAAAAAAAAAAAAAAUD' +
      'ByIkMzRCQ1Fygf/aAAgBAQAAPwCAlatwaeBJrVtjBp0mFSt2fBJrcjB6n//Z',
    pixels:
      'ABMlNUpabH+Qo7MEGCk6Tl5whJWouAoeL0BUZXaKm66+DyM0RVlpe4+gssMTJjhJXW1/kqS2xhgrPU1icoSXqLvLHjFDU2h4ip2u' +
      'wdEiNkhYbH2OorPG1ig7TV1xgpOnuMvb',
  },
  colour: {
    file:
      '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMU' +
      'FRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU' +
      'FBQUFBQUFBT/wAARCAAJAAsDAREAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EACIQAAECAwkAAAAAAAAAAAAAAAAEBgIH' +
      'JAMjMjRBQlFxov/EABgBAQADAQAAAAAAAAAAAAAAAAgFBgcJ/8QAHxEAAQQBBQEAAAAAAAAAAAAAAAIEBiIHIzIzQUJx/9oADAMB' +
      'AAIRAxEAPwAeashsFP5N3leQd1yrQ2V7bCWmkNcQU+nAZnOQdZVxZtJXoIt0KrV2EbK/RzZhvkTEuXs+gyuuZQtGnAj4f//Z',
    pixels:
      'AQD8EAHyJwDkPAHZTgDOZADCeQCziQGpnAObtgCTyACJBBj1FBjtKhjePxnRURjHZRe5fBisjRminxmStxaKyhWAATLmEjLbKDPN' +
      'PDPCUDK2YzGqejOdijOSnTWEtTF8yTBwAErXEErPJkvAPEqzTkqpYkudeUqOiEuEnE52tkpuyElkA2PRFGTHKmS4PmSrUWOhZmSW' +
      'fGSIjGR+nmVut2JnymFbA3zDE325KX2sPn2gUHyVZHyIfHx6inxvnX5ht3tZyXpPAZa0EJeqJpebPJeQTpeEYZZ4epdriZhhnJlS' +
      'tpZLyJY/A62sEq6hKa6TPq6IUK58Zq1xe65ji69Yna9Jt6xCyqs3AcifEsiVKMmGPMl7UMhvY8dkeslWi8lMnco8t8Y1yscs',
  },
  /** Progressive; chroma of half the samples in both directions. */
  progressive: {
    file:
      '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0d' +
      'Hx8fExciJCIeJBweHx7/2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4e' +
      'Hh4eHh4eHh7/wgARCAAJAAsDASIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAABf/EABUBAQEAAAAAAAAAAAAAAAAAAAIE/9oA' +
      'DAMBAAIQAxAAAAEJZpaIf//EABkQAAIDAQAAAAAAAAAAAAAAAAABAwQhMf/aAAgBAQABBQKCgKhkAuf/xAAXEQADAQAAAAAAAAAA' +
      'AAAAAAAAAwUT/9oACAEDAQE/AYVN2R//xAAXEQADAQAAAAAAAAAAAAAAAAAABAUT/9oACAECAQE/AbNxnQ//xAAWEAEBAQAAAAAA' +
      'AAAAAAAAAAAxABD/2gAIAQEABj8CI3//xAAXEAEBAQEAAAAAAAAAAAAAAAAAMSFB/9oACAEBAAE/IYOR4Sf/2gAMAwEAAgADAAAA' +
      'EFf/xAAVEQEBAAAAAAAAAAAAAAAAAABBAP/aAAgBAwEBPxBkv//EABURAQEAAAAAAAAAAAAAAAAAAABB/9oACAECAQE/EKr/xAAZ' +
      'EAABBQAAAAAAAAAAAAAAAAAAEFGBofH/2gAIAQEAAT8QxCGMhWP/2Q==',
    pixels:
      'AAfeAgviKAXTLAnXUwK2WAe7dweZewudnAaDogyJwQZ7CxTrDxjvNBHfORbkYA/DZBPHhBSmiBiqqROQrxmWzhOIBDTSCDjWLDLG' +
      'MTfLWDCqXDSufTSNgTiRoTR3pjl8xTRvEUHfFUXjOT/TPkTYZT23aUG7ikGajkWerkGEs0aJ0kF8AGuzA2+3KGimLW2rU2eKV2uO' +
      'd2tte29xm2tXoXFdwGpPDHjAEHzENXWzOnq4YHSXZHibhHh6iHx+qHhkrX1pzXdcAJ6aA6KeKJuOLaCTUplxV552eJ5VfKJZnJ0/' +
      'oaJEwJ03C6qmD66qNaibOayfX6Z+ZKuDhKphiK5lqKlLrq9RzKlDC8WWD8maM8KKOMePX8FuY8VyhMVRiMlVp8M6rclAy8My',
  },
}
/** cjpeg -arithmetic. */
const arithmetic =
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYn' +
  'KSopGR8tMC0oMCUoKSj/2wBDAQcHBwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo' +
  'KCgoKCgoKCj/yQARCAAJAAsDASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/AG+BlVwJL4wAJxBWrpdQSxU7ATNB' +
  'zX/9qj6ukQ8pJZHOUYlDEP/Z'

describe.each(Object.entries(pictures))('%s', (name, { file, pixels }) => {
  test('is read as libjpeg reads it, up to rounding', () => {
    const bytes = bytesOf(file)
    expect(isJpeg(bytes)).toBe(true)
    const { size, values } = decodeJpeg(bytes, 'a.jpg')
    const channels = name === 'grey' ? 1 : 3
    expect(size).toEqual({ channels, height: 9, width: 11 })
    expect(jpegSize(bytes, 'a.jpg')).toEqual(size)
    bytesOf(pixels).forEach((expected, i) => {
      const found = values[(i % channels) * 99 + Math.floor(i / channels)]
      expect(Math.abs(found - expected)).toBeLessThanOrEqual(2)
    })
  })

  test('damage is read or refused: never a crash', () => {
    let read = 0
    for (let seed = 0; seed < 1000; seed++) {
      try {
        decodeJpeg(mutateBytes(new Random(seed, 'damaged jpeg', name), bytesOf(file)), 'a.jpg')
        read++
      } catch (error) {
        if (!(error instanceof UserError)) throw error
      }
    }
    expect(read).toBeGreaterThan(50)
  })
})

/** The colour picture with another byte in its frame, after the marker of the frame. */
function changed(offset: number, value: number): Uint8Array {
  const bytes = bytesOf(pictures.colour.file)
  const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0)
  bytes[frame + offset] = value
  return bytes
}

test.each([
  ['CMYK', changed(9, 4), /is a JPEG in CMYK, which is for printing: save it in RGB/],
  ['12 bits', changed(4, 12), /is a JPEG of 12 bits/],
  ['arithmetic codes', bytesOf(arithmetic), /of a rare kind/],
  ['no lines', changed(6, 0), /it has no pixels/],
  ['too many pixels', changed(5, 0xff), /is not a valid JPEG/],
  ['cut short', bytesOf(pictures.colour.file).subarray(0, 20), /it has no picture/],
])('%s is refused', (_, bytes, message) => {
  expect(() => decodeJpeg(bytes, 'a.jpg')).toThrow(message)
  expect(() => decodeJpeg(bytes, 'a.jpg')).toThrow(UserError)
})
