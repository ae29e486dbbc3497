/** The books that a node opens: one line for each contract with a private side. */
import { type BookLedger, Books, type EventsAfter, PrescriptionsBook, SupplyBook } from '@plexus/books'
import { prescriptions, supply } from '@plexus/contracts'
import type { BookParts } from '@plexus/exchange'

export interface NodeBooks {
  /** What they share: whoever made a step asks here what became of it. */
  readonly shelf: Books
  readonly prescriptions: PrescriptionsBook
  readonly supply: SupplyBook
}

export function openNodeBooks(parts: BookParts, ledger: BookLedger & { readonly eventsAfter: EventsAfter }): NodeBooks {
  const shelf = new Books(parts, ledger)
  const book = shelf.open(prescriptions.name, (desk) => new PrescriptionsBook(desk))
  const { eventsAfter } = ledger
  return {
    shelf,
    prescriptions: book,
    supply: shelf.open(supply.name, (desk) => new SupplyBook(desk, { eventsAfter, fills: book.dispenser })),
  }
}
