/** The books that a node opens: one line for each contract with a private side. */
import { type BookLedger, Books, type EventsAfter, PrescriptionsBook, RebatesBook, SupplyBook } from '@plexus/books'
import { prescriptions, rebates, supply } from '@plexus/contracts'
import type { BookParts } from '@plexus/exchange'

export interface NodeBooks {
  /** What they share: whoever made a step asks here what became of it. */
  readonly shelf: Books
  readonly prescriptions: PrescriptionsBook
  readonly rebates: RebatesBook
  readonly supply: SupplyBook
}

export function openNodeBooks(parts: BookParts, ledger: BookLedger & { readonly eventsAfter: EventsAfter }): NodeBooks {
  const shelf = new Books(parts, ledger)
  const book = shelf.open(prescriptions.name, (desk) => new PrescriptionsBook(desk))
  const { eventsAfter } = ledger
  return {
    shelf,
    prescriptions: book,
    rebates: shelf.open(rebates.name, (desk) => new RebatesBook(desk)),
    supply: shelf.open(supply.name, (desk) => new SupplyBook(desk, { eventsAfter, fills: book.dispenser })),
  }
}
