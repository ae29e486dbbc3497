/** What may be asked. */
import { type Infer, text, variant } from '@plexus/codec'

/** Keys are ASCII, so that every language sorts them alike. */
export const entryKey = text({
  min: 1,
  max: 40,
  pattern: /^[a-z0-9-]+$/,
  says: 'a key (lower-case letters, digits, hyphens)',
})

export const transaction = variant({
  enter: { key: entryKey },
  withdraw: { key: entryKey },
})

export type Transaction = Infer<typeof transaction>
