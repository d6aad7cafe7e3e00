/** Test images for a report, where they are at hand. */
import { UserError } from '../../base/errors.ts'
import type { Dataset } from '../../data/dataset.ts'
import { publishedDatasets } from '../../data/names.ts'
import { loadDataset, loadPublished } from '../data/load-dataset.ts'

/** The test images of a data set, or why they are not there. */
export type TestImages = (name: string) => Promise<Dataset | { readonly missing: string }>

/** Reads test images from a folder or the cache of downloads, each data set once. Nothing is downloaded. */
export function testImages(dataDirectory: string | undefined): TestImages {
  const read = new Map<string, ReturnType<TestImages>>()
  const options = dataDirectory === undefined ? {} : { dataDirectory }
  const load = async (name: string) => {
    try {
      const published = publishedDatasets.find((dataset) => dataset.name === name)
      if (published) return await loadPublished({ ...published, mirrors: [] }, 'test', options)
      return await loadDataset(name, 'test')
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      const isAway = error.message.startsWith('cannot download')
      return {
        missing: isAway ? `The test images of ${name} are not here: give their folder by --data.` : `${error.message}.`,
      }
    }
  }
  return (name) => {
    const known = read.get(name) ?? load(name)
    read.set(name, known)
    return known
  }
}
