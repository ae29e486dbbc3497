/** Application identifiers (GS1 General Specifications §3.2): what stands behind each, on labels and in addresses. */

/** Characters of a serial, lot or reference: the 82 of ISO/IEC 646 that GS1 allows (§7.11, set 82). */
const textCharacters = /^[!"%&'()*+,./0-9:;<=>?A-Z_a-z-]*$/
/** Characters of a component or part (§7.11, set 39). */
const partCharacters = /^[#/0-9A-Z-]*$/
const digits = /^[0-9]*$/

export interface IdentifierShape {
  readonly characters: RegExp
  readonly lengthMin: number
  readonly lengthMax: number
  /** How many digits at the start end in a check digit; 0 for none. */
  readonly checked: number
  /** Six digits, year, month and day, the day possibly 00 for the month's last. */
  readonly isDate: boolean
  /** On a label, its length is known without a separator (§7.8.5). */
  readonly isFixed: boolean
}

const fixed = (length: number, checked = 0): IdentifierShape => ({
  characters: digits,
  lengthMin: length,
  lengthMax: length,
  checked,
  isDate: false,
  isFixed: true,
})
const date: IdentifierShape = { ...fixed(6), isDate: true }
const text = (lengthMax: number, characters = textCharacters): IdentifierShape => ({
  characters,
  lengthMin: 1,
  lengthMax,
  checked: 0,
  isDate: false,
  isFixed: false,
})
/** Digits with a check digit, then a serial that may be missing. */
const keyed = (key: number, serialMax: number, characters = textCharacters): IdentifierShape => ({
  ...text(key + serialMax, characters),
  lengthMin: key,
  checked: key,
})
const unfixed = (shape: IdentifierShape): IdentifierShape => ({ ...shape, isFixed: false })

/** Those of trade, logistics and health care. An identifier that is not here has no known length, and ends the reading. */
export const identifierShapes: ReadonlyMap<string, IdentifierShape> = new Map<string, IdentifierShape>([
  ['00', fixed(18, 18)],
  ['01', fixed(14, 14)],
  ['02', fixed(14, 14)],
  ['10', text(20)],
  ['11', date],
  ['13', date],
  ['15', date],
  ['16', date],
  ['17', date],
  ['20', fixed(2)],
  ['21', text(20)],
  ['22', text(20)],
  ['30', text(8, digits)],
  ['37', text(8, digits)],
  ['235', text(28)],
  ['240', text(30)],
  ['241', text(30)],
  ['250', text(30)],
  ['251', text(30)],
  ['253', keyed(13, 17)],
  ['254', text(20)],
  ['255', keyed(13, 12, digits)],
  ['400', text(30)],
  ['401', text(30)],
  ['402', unfixed(fixed(17, 17))],
  ['403', text(30)],
  ...['410', '411', '412', '413', '414', '415', '416', '417'].map((code): [string, IdentifierShape] => [
    code,
    fixed(13, 13),
  ]),
  ['422', unfixed(fixed(3))],
  ['710', text(20)],
  ['711', text(20)],
  ['712', text(20)],
  ['713', text(20)],
  ['714', text(20)],
  ['715', text(20)],
  ['7003', unfixed(fixed(10))],
  ['8003', keyed(14, 16)],
  ['8004', text(30)],
  ['8006', unfixed(fixed(18, 14))],
  ['8010', text(30, partCharacters)],
  ['8011', text(12, digits)],
  ['8017', unfixed(fixed(18, 18))],
  ['8018', unfixed(fixed(18, 18))],
  ['90', text(30)],
  ...['91', '92', '93', '94', '95', '96', '97', '98', '99'].map((code): [string, IdentifierShape] => [code, text(90)]),
])
