/** Recognises files of other kinds by how they begin, and says what each is and what to do about it. */
import { badFile } from '../base/errors.ts'
import { includesText, toLatin1 } from './bytes.ts'
import { isTar, readTar } from './tar.ts'

export type FileKind = 'onnx' | 'safetensors' | 'npz' | 'pt' | 'text'

interface Signature {
  readonly is: string
  /** Left out if the file only needs another name. */
  readonly advice?: string
  readonly fits: (bytes: Uint8Array) => boolean
  /** What such a file can be used for. */
  readonly rightFor?: FileKind
}

const UNPACK = 'unpack it, and give the file in it'
const TO_ONNX = 'export the network to ONNX'
const begins =
  (...start: readonly number[]) =>
  (bytes: Uint8Array) =>
    start.every((byte, i) => bytes[i] === byte)
const beginsWith =
  (...texts: readonly string[]) =>
  (bytes: Uint8Array) => {
    const start = toLatin1(bytes.subarray(0, 256)).replace(/^(\xef\xbb\xbf)?\s*/, '')
    return texts.some((text) => start.toLowerCase().startsWith(text))
  }
const isZip = begins(0x50, 0x4b, 3, 4)
const isUtf16 = (bytes: Uint8Array) =>
  // the length that safetensors files begin with is followed by zeros
  (begins(0xff, 0xfe)(bytes) || begins(0xfe, 0xff)(bytes)) && (bytes[2] !== 0 || bytes[3] !== 0)
const isSafetensors = (bytes: Uint8Array) => bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0)

/** The first one that fits counts. */
const signatures: readonly Signature[] = [
  { is: 'text in UTF-16', advice: 'save it as UTF-8', fits: isUtf16 },
  {
    is: 'an HTML page',
    advice: 'it may be the page that links to the file: download the file itself',
    fits: beginsWith('<!doctype', '<html'),
  },
  {
    is: 'a pointer of Git LFS, not the file itself',
    advice: "get the file with 'git lfs pull'",
    fits: beginsWith('version https://git-lfs'),
  },
  {
    is: 'a file of PyTorch (.pt)',
    fits: (bytes) => isZip(bytes) && includesText(bytes, '/data.pkl'),
    rightFor: 'pt',
  },
  {
    is: 'a file of Keras (.keras)',
    advice: `${TO_ONNX} (tf2onnx)`,
    fits: (bytes) => isZip(bytes) && includesText(bytes, 'model.weights.h5'),
  },
  {
    is: 'an archive of NumPy',
    fits: (bytes) => isZip(bytes) && includesText(bytes, '.npy'),
    rightFor: 'npz',
  },
  { is: 'a zip archive', advice: UNPACK, fits: isZip, rightFor: 'npz' },
  {
    is: 'a Python pickle, as old files of PyTorch are',
    fits: (bytes) => bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5 && bytes[2] !== 0,
    rightFor: 'pt',
  },
  { is: 'an HDF5 file, as Keras writes', advice: `${TO_ONNX} (tf2onnx)`, fits: begins(0x89, 0x48, 0x44, 0x46) },
  {
    is: 'a single array of NumPy',
    advice: 'save all arrays of the network with numpy.savez',
    fits: begins(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59),
  },
  {
    is: 'a safetensors file',
    fits: isSafetensors,
    rightFor: 'safetensors',
  },
  {
    is: 'an ONNX model',
    // the version of the format, and another field
    fits: (bytes) => bytes[0] === 8 && bytes[1] > 0 && bytes[1] < 64 && [0x12, 0x1a, 0x3a, 0x42].includes(bytes[2]),
    rightFor: 'onnx',
  },
  { is: 'compressed by gzip', advice: 'uncompress it first', fits: begins(0x1f, 0x8b) },
  { is: 'compressed by bzip2', advice: 'uncompress it first: only gzip is read', fits: beginsWith('bzh') },
  {
    is: 'compressed by xz',
    advice: 'uncompress it first: only gzip is read',
    fits: begins(0xfd, 0x37, 0x7a, 0x58, 0x5a),
  },
  {
    is: 'compressed by zstd',
    advice: 'uncompress it first: only gzip is read',
    fits: begins(0x28, 0xb5, 0x2f, 0xfd),
  },
  { is: 'a 7z archive', advice: UNPACK, fits: begins(0x37, 0x7a, 0xbc, 0xaf) },
]

/**
 * @param bytes uncompressed, where files of that kind may be compressed
 * @throws UserError naming the file, what it is and what to do, if it is plainly none of the kind
 */
export function refuseForeign(bytes: Uint8Array, path: string, kind: FileKind): void {
  if (isTar(bytes)) {
    const [first] = readTar(bytes, path).keys()
    throw badFile(`${path} is a tar archive: ${UNPACK}${first === undefined ? '' : `, such as '${first}'`}`)
  }
  const found = signatures.find(({ fits }) => fits(bytes))
  if (!found || found.rightFor === kind) return
  const rename = kind === 'text' ? 'give a text in UTF-8' : `let its name end in '.${found.rightFor}'`
  throw badFile(`${path} is ${found.is}: ${found.advice ?? rename}`)
}

/** The text of a file. @throws UserError naming the file if it is in UTF-16, binary, or plainly something else */
export function decodeText(bytes: Uint8Array, path: string): string {
  refuseForeign(bytes, path, 'text')
  if (bytes.subarray(0, 1024).includes(0)) {
    throw badFile(
      `${path} is not text in UTF-8 (it is binary, or UTF-16 without a byte order mark): give a text in UTF-8`,
    )
  }
  return new TextDecoder().decode(bytes)
}
