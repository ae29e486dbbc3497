/** GS1 General Specifications §7.9: weights 3 and 1 in turn from the right, up to the next multiple of ten. */

const digitsOnly = /^[0-9]+$/

/** The check digit that follows `digits`. Throws when they are none: our own code hands over digits. */
export function checkDigit(digits: string): string {
  if (!digitsOnly.test(digits)) throw new Error('checkDigit: expected digits')
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const weight = (digits.length - index) % 2 === 1 ? 3 : 1
    sum += weight * (digits.charCodeAt(index) - 0x30)
  }
  return String((10 - (sum % 10)) % 10)
}

/** Does the last digit check those before it? */
export function checkDigitHolds(digits: string): boolean {
  return digits.length > 1 && digitsOnly.test(digits) && checkDigit(digits.slice(0, -1)) === digits.slice(-1)
}
