import { utf8 } from '@plexus/codec'

/** XML 1.0 §2.2 (Char): no other control characters, no lone surrogates, no non-characters U+FFFE and U+FFFF. */
const unwritable = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
/** Namespaces in XML 1.0 §4, narrowed to ASCII: one prefix at most. */
const qualifiedName = /^(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*$/

/** Text of XML that grows. What cannot be written is remembered, not thrown: whoever asked is told at the end. */
export class XmlWriter {
  #text = ''
  isFaulty = false

  open(name: string, attributes: Iterable<readonly [name: string, value: string]> = []): void {
    this.#text += `<${this.#name(name)}`
    for (const [key, value] of attributes) this.#text += ` ${this.#name(key)}="${this.#escaped(value)}"`
    this.#text += '>'
  }

  close(name: string): void {
    this.#text += `</${name}>`
  }

  text(text: string): void {
    this.#text += this.#escaped(text)
  }

  leaf(name: string, text: string, attributes: Iterable<readonly [string, string]> = []): void {
    this.open(name, attributes)
    this.text(text)
    this.close(name)
  }

  /** What was written, inside a root with these attributes. */
  document(root: string, attributes: Iterable<readonly [string, string]>): Uint8Array {
    const outer = new XmlWriter()
    outer.open(root, attributes)
    outer.#text += this.#text
    outer.close(root)
    if (outer.isFaulty) this.isFaulty = true
    return this.isFaulty ? new Uint8Array() : utf8(`<?xml version="1.0" encoding="UTF-8"?>\n${outer.#text}\n`)
  }

  #name(name: string): string {
    if (!qualifiedName.test(name)) this.isFaulty = true
    return name
  }

  #escaped(text: string): string {
    if (unwritable.test(text)) this.isFaulty = true
    // A carriage return would be read as a line feed, and white space of attributes as blanks.
    return text.replace(/[&<>"\t\n\r]/g, (letter) => escapes.get(letter) as string)
  }
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ['\t', '&#9;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
])
