/** Mistakes in what a member keeps beside the ledger: steps and notes, and the books of prescriptions and supply. */
import type { Mutant } from './mutants-list.ts'

const books = 'packages/books/src/books.ts'
const booksTest = 'packages/books/src/books.test.ts'
const folder = 'packages/books/src/prescriptions'
const bookTest = `${folder}/book.test.ts`
const supply = 'packages/books/src/supply'
const supplyTest = `${supply}/book.test.ts`

export const booksMutants: readonly Mutant[] = [
  {
    name: 'a step that the engine lost is offered once',
    file: books,
    find: 'now - flight.offeredAt >= resubmitSeconds || now < flight.offeredAt',
    replace: 'flight.offeredAt === 0',
    test: {
      file: booksTest,
      name: 'that the engine lost is submitted again, byte for byte, also after a restart',
    },
  },
  {
    name: 'a step ends with whatever the door says',
    file: books,
    find: 'if (!passing.includes(refusal.reason)) flight.refusal = refusal',
    replace: 'flight.refusal = refusal',
    test: {
      file: booksTest,
      name: 'that the door finds expired is not refused yet: the time of blocks tells its end',
    },
  },
  {
    name: 'a note that comes again is taken again',
    file: books,
    find: '    if (known) return known.code === null ? ok() : no({ type: known.code })\n',
    replace: '',
    test: {
      file: booksTest,
      name: 'has one answer: taken is taken, refused stays refused, and what nobody could know yet is asked again',
    },
  },
  {
    name: 'what could not be known yet is refused for good',
    file: books,
    find: 'if (!answer.ok && (key === null || answer.reason.type === notYet)) return answer',
    replace: 'if (!answer.ok && key === null) return answer',
    test: {
      file: booksTest,
      name: 'has one answer: taken is taken, refused stays refused, and what nobody could know yet is asked again',
    },
  },
  {
    name: 'whoever knows of an item brings it',
    file: `${folder}/dispenser.ts`,
    find: "    if (!named && from === null) return no({ type: item.claimant ? 'not-its-key' : 'not-yet' })\n",
    replace: '',
    test: { file: bookTest, name: 'that a wallet brings is taken only from who has the claimant’s key' },
  },
  {
    name: 'a pharmacy holds what was altered on its way',
    file: `${folder}/dispenser.ts`,
    find: '    if (!checked.ok) return checked\n',
    replace: '',
    test: { file: bookTest, name: 'is not taken that was altered on its way, and whoever sent it is told' },
  },
  {
    name: 'any organisation registers prescribers',
    file: `${folder}/ledger.ts`,
    find: "status === 'active' && scopes.includes('licensing-board')",
    replace: "status === 'active' && scopes.length > 0",
    test: { file: bookTest, name: 'whose prescriber no licensing board registered is not taken' },
  },
  {
    name: 'a pharmacy’s word of a fill is believed',
    file: `${folder}/prescriber.ts`,
    find: '    if (!checked.ok) return checked\n',
    replace: '',
    test: {
      file: bookTest,
      name: 'was filled as the ledger says, and no pharmacy’s other word of it is believed',
    },
  },
  {
    name: 'anybody says what is in a delivery',
    file: `${supply}/shipping.ts`,
    find: 'if (key?.partner !== from || note.part >= note.parts)',
    replace: 'if (!key || note.part >= note.parts)',
    test: { file: supplyTest, name: 'is heard from whom the key was given to, and from nobody else' },
  },
  {
    name: 'a label may stand on another unit',
    file: `${supply}/shipping.ts`,
    find: '  if (!tag.ok || !equalBytes(tag.value, member.tag)) return false\n',
    replace: '',
    test: {
      file: supplyTest,
      name: 'is believed when it is what moved on the ledger, each label with its tag, nothing less and nothing more',
    },
  },
  {
    name: 'more is told than was shipped',
    file: `${supply}/shipping.ts`,
    find: 'return seen.size === told.size ? ok(',
    replace: 'return seen.size > 0 ? ok(',
    test: {
      file: supplyTest,
      name: 'is believed when it is what moved on the ledger, each label with its tag, nothing less and nothing more',
    },
  },
  {
    name: 'a lot is believed that its maker did not state',
    file: `${supply}/shelves.ts`,
    find: '    if (!checkLot(statement, { chain, handle, lot, makerKey }).ok) return undefined\n',
    replace: '',
    test: { file: supplyTest, name: 'names lots as their maker stated them' },
  },
  {
    name: 'whoever was not asked answers for the maker',
    file: `${supply}/scanning.ts`,
    find: "if (row?.asked !== from || row.answer !== 'asked')",
    replace: "if (row?.answer !== 'asked')",
    test: { file: supplyTest, name: 'an answer about a label is heard from who was asked, once' },
  },
]
