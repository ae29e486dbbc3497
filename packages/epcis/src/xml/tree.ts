/** XML 1.0 with namespaces, read into elements within bounds. No document type, so no entity but the five of XML itself. */
import { fromUtf8, no, ok, type Result } from '@plexus/codec'
import { type SaxesAttributeNS, SaxesParser } from 'saxes'
import type { EpcisRefusal } from '../refusals.ts'

export interface XmlElement {
  /** '' for none. */
  readonly namespace: string
  readonly local: string
  /** As the document wrote it; '' for none. Another document may give it another meaning. */
  readonly prefix: string
  /** Prefixes that this element declares, with what they stand for: values may use them too. */
  readonly declared: readonly (readonly [prefix: string, namespace: string])[]
  readonly attributes: readonly XmlAttribute[]
  readonly children: readonly XmlElement[]
  /** Text directly inside, white space at both ends left away; '' for none. */
  readonly text: string
}

export interface XmlAttribute {
  readonly namespace: string
  readonly prefix: string
  readonly local: string
  readonly value: string
}

export interface XmlLimits {
  readonly bytesMax: number
  readonly depthMax: number
}

/** Elements and attributes in all: each costs some 200 bytes of memory, and a unit in a list is one element. */
const nodesMax = 512 * 1024

interface OpenElement extends XmlElement {
  readonly children: OpenElement[]
  text: string
}

/** Stops the parser, which has no other way to end early. */
class Stop extends Error {
  readonly refusal: EpcisRefusal
  constructor(refusal: EpcisRefusal) {
    super(refusal.type)
    this.refusal = refusal
  }
}

const stop = (type: EpcisRefusal['type'], expected: string): never => {
  throw new Stop({ type, path: '', expected })
}

/** The root element of a document in UTF-8. */
export function readXml(bytes: Uint8Array, { bytesMax, depthMax }: XmlLimits): Result<XmlElement, EpcisRefusal> {
  if (bytes.length > bytesMax) return no({ type: 'too-large', path: '', expected: `at most ${bytesMax} bytes` })
  const text = fromUtf8(bytes)
  if (text === undefined) return no({ type: 'not-xml', path: '', expected: 'UTF-8' })
  const parser = new SaxesParser({ xmlns: true, position: false })
  const stack: OpenElement[] = []
  let root: XmlElement | undefined
  let nodes = 0
  parser.on('error', () => stop('not-xml', 'well-formed XML 1.0 with namespaces'))
  parser.on('doctype', () => stop('not-xml', 'no document type'))
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^utf-8$/i.test(encoding)) stop('not-xml', 'UTF-8')
  })
  parser.on('opentag', (tag) => {
    const attributes = Object.values(tag.attributes).filter(
      ({ prefix, name }) => prefix !== 'xmlns' && name !== 'xmlns',
    )
    nodes += 1 + attributes.length
    if (nodes > nodesMax) stop('too-large', `at most ${nodesMax} elements and attributes`)
    if (stack.length >= depthMax) stop('too-large', `at most ${depthMax} levels`)
    const { uri: namespace, prefix, local } = tag
    const declared = Object.entries(tag.ns)
    const element = {
      namespace,
      prefix,
      local,
      declared,
      attributes: attributes.map(attributeOf),
      children: [],
      text: '',
    }
    stack.at(-1)?.children.push(element)
    root ??= element
    stack.push(element)
  })
  const append = (more: string): void => {
    const element = stack.at(-1)
    if (element) element.text += more
  }
  parser.on('text', append)
  parser.on('cdata', append)
  parser.on('closetag', () => {
    const element = stack.pop()
    if (element) element.text = withoutMargins(element.text)
  })
  try {
    parser.write(text).close()
  } catch (error) {
    if (error instanceof Stop) return no(error.refusal)
    throw error
  }
  return root ? ok(root) : no({ type: 'not-xml', path: '', expected: 'an element' })
}

function attributeOf({ uri: namespace, prefix, local, value }: SaxesAttributeNS): XmlAttribute {
  return { namespace, prefix, local, value: withoutMargins(value) }
}

/** White space of XML (§2.3) alone: other blanks are content. By hand, as a pattern for the end could look twice at each. */
function withoutMargins(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && whiteSpace.has(text.charCodeAt(start))) start++
  while (end > start && whiteSpace.has(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const whiteSpace: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])
