/** What describes a data set that others have published as files: adding one is such a description, and a line in names.ts. */
import type { Images } from '../model/layer-items.ts'
import type { LabelledImages } from './dataset.ts'

/** The files themselves, by which checksums they are known, and where they can be downloaded. */
export interface PublishedFiles {
  /** As settings name the data set, and its folder among others: 'cifar10'. */
  readonly name: string
  /** For people: 'CIFAR-10'. */
  readonly title: string
  /** The folder among others that several data sets share, if it is not called as this one. */
  readonly folder?: string
  /** md5 by name: of the files as they are published if `isPacked` says so of the name, else of the uncompressed ones. */
  readonly md5: Readonly<Record<string, string>>
  /** The .tar.gz in which they are published and the folder that it unpacks to; without it, each is packed, or is a .gz. */
  readonly archive?: { readonly file: string; readonly folder: string }
  /** Base addresses with a final slash. */
  readonly mirrors: readonly string[]
}

/** Whether a file is known by the checksum of what is published, and so is kept as it is. */
export const isPacked = (file: string): boolean => /\.(gz|zip|mat)$/.test(file)

export interface PublishedDataset extends PublishedFiles {
  /** Known before the files are read. */
  readonly images: Images
  /** The names of the files that hold the training and the test images. */
  readonly parts: { readonly train: readonly string[]; readonly test: readonly string[] }
  /**
   * The images in the uncompressed contents of a part's files, in their original order, without copying them.
   * @throws UserError if a file is not what it should be
   */
  readonly read: (contents: readonly Uint8Array[], part: 'train' | 'test') => LabelledImages
}
