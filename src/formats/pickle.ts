/**
 * Python pickles of protocols 2 to 5, as data: nothing in them is run. A pickle is a program for a stack machine, and may
 * name any function of Python. Here it can only name what the caller knows, and a name stands for something of ours.
 * None is null, tuples and lists are arrays, dictionaries are Maps, bytes are Uint8Arrays, whole numbers that are not safe
 * are bigints. Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
import { type UserError, badFile } from '../base/errors.ts'
import { Cursor } from './cursor.ts'

/** What a pickle may name, by 'module name': a value of ours, or a function of ours that makes one of its arguments. */
export type PickleNames = ReadonlyMap<string, unknown>

export interface PickleReader {
  readonly names: PickleNames
  /** What an object is that the pickle keeps elsewhere. */
  readonly persistent: (id: unknown) => unknown
  /** The file, for messages. */
  readonly path: string
}

/** An object of which nothing is kept, such as a type of numbers. */
export const OPAQUE = Symbol('opaque')

/** Each step makes one value at most: a large pickle must not fill the memory. */
const MOST_STEPS = 1_000_000

/** What other programs than PyTorch write, for messages. */
const refusedOpcodes: Readonly<Record<number, string>> = {
  ...{ 0x69: 'INST', 0x6f: 'OBJ', 0x81: 'NEWOBJ', 0x92: 'NEWOBJ_EX', 0x82: 'EXT1', 0x83: 'EXT2', 0x84: 'EXT4' },
  ...{ 0x50: 'PERSID', 0x97: 'NEXT_BUFFER', 0x98: 'READONLY_BUFFER', 0x8f: 'EMPTY_SET', 0x91: 'FROZENSET' },
}

/**
 * Reads one pickle.
 * @param start where it begins among the bytes
 * @returns what it holds, and where it ends
 * @throws UserError naming the file if it is damaged, names anything that `names` lacks, or holds anything but numbers,
 *   texts, bytes, tuples, lists, dictionaries and what `names` and `persistent` make
 */
export function readPickle(bytes: Uint8Array, reader: PickleReader, start = 0): { value: unknown; end: number } {
  return new Machine(bytes, reader, start).run()
}

class Machine {
  readonly #reader: PickleReader
  readonly #memo = new Map<number, unknown>()
  /** What was put on the stack before each mark. */
  readonly #marked: unknown[][] = []
  #stack: unknown[] = []
  readonly #from: Cursor

  constructor(bytes: Uint8Array, reader: PickleReader, start: number) {
    this.#reader = reader
    this.#from = new Cursor(bytes, start, (what) => this.#refuse(what))
  }

  run(): { value: unknown; end: number } {
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const opcode = this.#from.uint8()
      if (opcode === STOP) return { value: this.#pop(), end: this.#from.at }
      this.#step(opcode)
    }
    throw this.#refuse(`it has more than ${MOST_STEPS} steps`)
  }

  #step(opcode: number): void {
    const stack = this.#stack
    switch (opcode) {
      case 0x80: {
        const protocol = this.#from.uint8()
        if (protocol < 2 || protocol > 5) throw this.#refuse(`it has protocol ${protocol}: only 2 to 5 are read`)
        return
      }
      case 0x95: // FRAME
        this.#from.bytes(8)
        return
      case 0x28: // MARK
        this.#marked.push(stack)
        this.#stack = []
        return
      case 0x4e:
        return this.#push(null)
      case 0x88:
        return this.#push(true)
      case 0x89:
        return this.#push(false)
      case 0x4a:
        return this.#push(this.#from.int32())
      case 0x4b:
        return this.#push(this.#from.uint8())
      case 0x4d:
        return this.#push(this.#from.uint16())
      case 0x8a: // LONG1
        return this.#push(this.#from.whole(this.#from.uint8()))
      case 0x8b: // LONG4
        return this.#push(this.#from.whole(this.#from.uint32()))
      case 0x47: // BINFLOAT, the only number that is big-endian
        return this.#push(this.#from.bigEndianFloat64())
      case 0x58: // BINUNICODE
      case 0x54: // BINSTRING, the texts of Python 2
        return this.#push(this.#from.text(this.#from.uint32()))
      case 0x8c:
      case 0x55:
        return this.#push(this.#from.text(this.#from.uint8()))
      case 0x8d:
        return this.#push(this.#from.text(this.#from.uint64()))
      case 0x42: // BINBYTES
        return this.#push(this.#from.bytes(this.#from.uint32()))
      case 0x43:
        return this.#push(this.#from.bytes(this.#from.uint8()))
      case 0x8e:
      case 0x96:
        return this.#push(this.#from.bytes(this.#from.uint64()))
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#push([])
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map())
      case 0x74: // TUPLE
        return this.#push(this.#toMark())
      case 0x85:
      case 0x86:
      case 0x87: {
        const items = [this.#pop()]
        while (items.length <= opcode - 0x85) items.unshift(this.#pop())
        return this.#push(items)
      }
      case 0x61: {
        const item = this.#pop()
        return this.#append([item])
      }
      case 0x65: // APPENDS
        return this.#append(this.#toMark())
      case 0x73: {
        const value = this.#pop()
        return this.#set([this.#pop(), value])
      }
      case 0x75: // SETITEMS
        return this.#set(this.#toMark())
      case 0x71: // BINPUT
        return void this.#memo.set(this.#from.uint8(), this.#top())
      case 0x72:
        return void this.#memo.set(this.#from.uint32(), this.#top())
      case 0x94: // MEMOIZE
        return void this.#memo.set(this.#memo.size, this.#top())
      case 0x68: // BINGET
        return this.#get(this.#from.uint8())
      case 0x6a:
        return this.#get(this.#from.uint32())
      case 0x63: {
        const module = this.#from.line()
        return this.#name(module, this.#from.line())
      }
      case 0x93: {
        const name = this.#pop()
        return this.#name(this.#pop(), name)
      }
      case 0x51: // BINPERSID
        return this.#push(this.#reader.persistent(this.#pop()))
      case 0x52: // REDUCE
        return this.#call()
      case 0x62: // BUILD
        return this.#build()
      default: {
        const name = refusedOpcodes[opcode] ?? `0x${opcode.toString(16)}`
        throw this.#refuse(`it has the opcode ${name} at byte ${this.#from.at - 1}, which no state dictionary needs`)
      }
    }
  }

  #push(value: unknown): void {
    this.#stack.push(value)
  }

  #top(): unknown {
    if (this.#stack.length === 0) throw this.#damaged()
    return this.#stack.at(-1)
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw this.#damaged()
    return this.#stack.pop()
  }

  /** What was put on the stack since the last mark. */
  #toMark(): unknown[] {
    const [items, before] = [this.#stack, this.#marked.pop()]
    if (!before) throw this.#damaged()
    this.#stack = before
    return items
  }

  #append(items: readonly unknown[]): void {
    const list = this.#top()
    if (!Array.isArray(list)) throw this.#damaged()
    for (const item of items) list.push(item)
  }

  /** @param items keys and values in turn */
  #set(items: readonly unknown[]): void {
    const map = this.#top()
    if (!(map instanceof Map) || items.length % 2 !== 0) throw this.#damaged()
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1])
  }

  #get(index: number): void {
    if (!this.#memo.has(index)) throw this.#damaged()
    this.#push(this.#memo.get(index))
  }

  #name(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.#damaged()
    const key = `${module} ${name}`
    if (!this.#reader.names.has(key)) {
      const shown = JSON.stringify(`${module}.${name}`.slice(0, 100)).slice(1, -1)
      throw badFile(
        `${this.#reader.path} holds an object of Python, '${shown}', which is not read, let alone run: ` +
          'save the state dictionary alone, torch.save(model.state_dict(), file)',
      )
    }
    this.#push(this.#reader.names.get(key))
  }

  #call(): void {
    const args = this.#pop()
    const named = this.#pop()
    if (typeof named !== 'function' || !Array.isArray(args)) throw this.#damaged()
    this.#push((named as (args: readonly unknown[]) => unknown)(args))
  }

  /** State of an object: the attributes of an ordered dictionary, and what a type of numbers is in detail. Nothing needs it. */
  #build(): void {
    this.#pop()
    const object = this.#top()
    if (!(object instanceof Map || object === OPAQUE)) throw this.#refuse('it sets the state of no dictionary')
  }

  #damaged = (): UserError => this.#refuse(`it is damaged before byte ${this.#from.at}`)

  #refuse = (what: string): UserError => badFile(`${this.#reader.path} is not a pickle that is read: ${what}`)
}

const STOP = 0x2e
