/** Properties in files. */
import { type Property, parsePropertyFile } from '../../formats/vnnlib/property.ts'
import { readWholeFile } from '../atomic.ts'

/** Reads a property, compressed by gzip or not. @throws UserError if the file cannot be read, or holds no property */
export const readVnnlib = (path: string): Property => parsePropertyFile(readWholeFile(path), path)
