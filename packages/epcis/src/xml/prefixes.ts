import { type Namespaces, namespacesOfEpcis } from '../documents/namespaces.ts'
import type { XmlElement } from './tree.ts'

/** XML schema instances: hints for validators, and no part of what a document says. */
export const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance'

const machinery = /^urn:epcglobal:(?!cbv:)|^http:\/\/www\.w3\.org\/2001\/|^http:\/\/www\.unece\.org\/cefact\//

/** One document has few vocabularies of its own; each is a line of its context. */
const prefixesMax = 256

/**
 * Prefixes of a whole document, where XML may give one prefix several meanings in several places. The first meaning keeps
 * it; a later one gets a number behind it.
 */
export class Prefixes {
  readonly #byNamespace = new Map<string, string>()
  readonly #byPrefix = new Map<string, string>(namespacesOfEpcis)

  constructor() {
    for (const [prefix, namespace] of namespacesOfEpcis) this.#byNamespace.set(namespace, prefix)
  }

  /** There were more namespaces than are taken; names in them are lost, and the document must be refused. */
  isFull = false

  /** `prefix:local`, or the bare name of what is in no namespace. */
  nameOf(namespace: string, prefix: string, local: string): string {
    if (namespace === '') return local
    const known = this.#byNamespace.get(namespace)
    if (known !== undefined) return `${known}:${local}`
    if (this.#byPrefix.size >= prefixesMax) {
      this.isFull = true
      return local
    }
    const wanted = /^[A-Za-z][\w-]*$/.test(prefix) ? prefix : 'ext'
    let free = wanted
    for (let number = 2; this.#byPrefix.has(free); number++) free = `${wanted}${number}`
    this.#byPrefix.set(free, namespace)
    this.#byNamespace.set(namespace, free)
    return `${free}:${local}`
  }

  /** Keeps what an element declares for values; namespaces of XML and of EPCIS itself are none of an extension. */
  declare(declared: XmlElement['declared']): void {
    for (const [prefix, namespace] of declared)
      if (prefix !== '' && !machinery.test(namespace)) this.nameOf(namespace, prefix, '')
  }

  get namespaces(): Namespaces {
    return this.#byPrefix
  }
}
