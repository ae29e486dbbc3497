/** The books that a node opens: one line for each contract with a private side. */
import {
  type BookLedger,
  Books,
  type EventsAfter,
  PrescriptionsBook,
  RebatesBook,
  Returns,
  SupplyBook,
} from '@plexus/books'
import { prescriptions, rebates, supply } from '@plexus/contracts'
import type { BookParts } from '@plexus/exchange'

export interface NodeBooks {
  /** What they share: whoever made a step asks here what became of it. */
  readonly shelf: Books
  readonly prescriptions: PrescriptionsBook
  readonly rebates: RebatesBook
  readonly supply: SupplyBook
  /** What goes back moves in all of them. */
  readonly returns: Returns
}

export function openNodeBooks(parts: BookParts, ledger: BookLedger & { readonly eventsAfter: EventsAfter }): NodeBooks {
  const shelf = new Books(parts, ledger)
  const book = shelf.open(prescriptions.name, (desk) => new PrescriptionsBook(desk))
  const { eventsAfter } = ledger
  const rebatesBook = shelf.open(rebates.name, (desk) => new RebatesBook(desk))
  const supplyBook = shelf.open(supply.name, (desk) => new SupplyBook(desk, { eventsAfter, fills: book.dispenser }))
  const { dispenser } = book
  const { dispensing } = supplyBook
  const returns = new Returns({ dispenser, dispensing, rebates: rebatesBook, state: () => parts.replica.state })
  return { shelf, prescriptions: book, rebates: rebatesBook, supply: supplyBook, returns }
}
