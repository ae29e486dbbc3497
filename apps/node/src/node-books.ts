/** The books that a node opens: one line for each contract with a private side. */
import { type BookLedger, Books, PrescriptionsBook } from '@plexus/books'
import { prescriptions } from '@plexus/contracts'
import type { BookParts } from '@plexus/exchange'

export interface NodeBooks {
  /** What they share: whoever made a step asks here what became of it. */
  readonly shelf: Books
  readonly prescriptions: PrescriptionsBook
}

export function openNodeBooks(parts: BookParts, ledger: BookLedger): NodeBooks {
  const shelf = new Books(parts, ledger)
  return {
    shelf,
    prescriptions: shelf.open(prescriptions.name, (desk) => new PrescriptionsBook(desk)),
  }
}
