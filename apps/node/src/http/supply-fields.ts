/** Fields of requests about goods, checked at the door. */
import { type Label, labelIn, type PackingPlan, type SupplyRefusal } from '@plexus/books'
import { ok, type Result } from '@plexus/codec'
import { z } from 'zod'
import { hexHash } from './fields.ts'
import { dispensed } from './prescription-routes.ts'

const labelMax = 2_335
export const label = z
  .string({ error: 'a label' })
  .min(1, 'a label')
  .max(labelMax, `a label of at most ${labelMax} characters`)
export const labels = z.array(label, { error: 'a list of labels' }).max(256, 'at most 256 labels')
export const role = z.enum(['maker', 'distributor', 'dispenser', 'regulator'], { error: 'a role of the supply chain' })
export const gs1Text = z
  .string({ error: 'a text' })
  .regex(/^[!"%-?A-Z_a-z]{1,20}$/, 'at most 20 characters of GS1’s set 82')
export const seconds = z
  .number({ error: 'seconds since 1970' })
  .int('whole seconds')
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
export const sscc = z.string({ error: 'an SSCC' }).regex(/^\d{18}$/, 'an SSCC of 18 digits')
const serials = z.array(gs1Text, { error: 'a list of serials' }).min(1, 'one serial at least').max(4_096)

/** Levels of packing, with the trade unit's own. */
export const plan: z.ZodType<PackingPlan> = levels(4)

function levels(left: number): z.ZodType<PackingPlan> {
  const units = z.strictObject({ sscc, serials })
  if (left === 0) return units
  return z.union(
    [
      units,
      z.strictObject({
        sscc,
        packages: z
          .array(levels(left - 1))
          .min(1)
          .max(4_096),
      }),
    ],
    {
      error: 'a package with serials, or with packages',
    },
  )
}

/** The part of an item that moves with its units; the lot is the units’. */
export const fill = dispensed.omit({ lot: true }).extend({ item: hexHash })

/** A lot of 20,000 units with its packages. */
export const lotBytesMax = 2 * 1024 * 1024

/** What is named by labels, in their order; the first label that is none is refused. */
export function identifiersIn(texts: readonly string[]): Result<readonly Label['identifier'][], SupplyRefusal> {
  const found: Label['identifier'][] = []
  for (const text of texts) {
    const read = labelIn(text)
    if (!read.ok) return read
    found.push(read.value.identifier)
  }
  return ok(found)
}
