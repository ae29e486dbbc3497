/** What a pharmacy's book says to the wallet of whoever it dispensed to. */
import { list, object, text, variant } from '@plexus/codec'

/** As many units as one dispensing has. */
const serialsMax = 256
const gs1Text = text({ min: 1, max: 20, pattern: /^[!"%-?A-Z_a-z]+$/, says: 'at most 20 characters of GS1’s set 82' })

const units = {
  maker: text({ min: 2, max: 40, pattern: /^[a-z0-9-]+$/, says: 'an organisation id' }),
  gtin: text({ min: 14, max: 14, pattern: /^[0-9]{14}$/, says: 'a GTIN of 14 digits' }),
  lot: gs1Text,
  serials: list(gs1Text, { min: 1, max: serialsMax }),
}

/** As a wallet keeps it. */
export const recalledUnits = object(units)

export const supplyWord = variant({
  /** The maker, or a regulator, recalled the lot of what was dispensed: these units of it. */
  recalled: units,
})
