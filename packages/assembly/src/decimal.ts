const decimal = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?$/

/** FHIR R4 §2.24.0.1 asks for 18 digits; this bounds the work on a text that is only meant to cost time. */
const lengthMax = 100

/**
 * The same text for two number texts exactly when they are equal as decimals: `1.10`, `1.1` and `11e-1` agree, and no
 * float is involved. Undefined for what is not a decimal number, or is longer or larger than any measurement.
 */
export function decimalKey(text: string): string | undefined {
  const match = text.length > lengthMax ? null : decimal.exec(text)
  if (!match) return undefined
  const fraction = match[3] ?? ''
  const digits = `${match[2]}${fraction}`.replace(/^0+/, '')
  if (digits === '') return '0'
  const significant = digits.replace(/0+$/, '')
  const exponent = Number(match[4] ?? '0') - fraction.length + (digits.length - significant.length)
  return `${match[1]}${significant}e${exponent}`
}
