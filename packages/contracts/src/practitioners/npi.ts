/** National Provider Identifiers (45 CFR 162.406): ten digits, the last a check digit. */

const npiPattern = /^[12][0-9]{9}$/

/** What "80840", the issuer number that precedes an NPI on a card (ISO/IEC 7812), adds to the Luhn sum. */
const issuerSum = 24

/** Whether ten ASCII digits are an NPI: first digit 1 or 2, and Luhn's sum over 80840 and the NPI ends in 0 (CMS, "NPI check digit"). */
export function isNpi(npi: string): boolean {
  if (!npiPattern.test(npi)) return false
  let sum = issuerSum
  for (let index = 0; index < npi.length; index++) {
    const digit = npi.charCodeAt(index) - 48
    // Every second digit counts double, from the one before the check digit leftwards.
    const weighed = index % 2 === 0 ? 2 * digit : digit
    sum += weighed > 9 ? weighed - 9 : weighed
  }
  return sum % 10 === 0
}

/** The NPI of nine ASCII digits, the first 1 or 2, and their check digit. Throws when they are not such digits. */
export function npiOf(digits: string): string {
  for (let check = 0; check < 10; check++) if (isNpi(`${digits}${check}`)) return `${digits}${check}`
  throw new Error('an NPI begins with nine digits, the first of them 1 or 2')
}
