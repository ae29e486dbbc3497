/** Mistakes with what trading partners send: taken although wrong, named otherwise, hidden from whoever asks. */
import type { Mutant } from './mutants-list.ts'

const folder = 'packages/epcis/src'
const documentTest = `${folder}/documents/document.test.ts`
const hashTest = `${folder}/hash/event-hash.test.ts`
const repositoryTest = `${folder}/repository/repository.test.ts`

export const epcisMutants: readonly Mutant[] = [
  {
    name: 'the weights of a check digit begin on the wrong side',
    file: `${folder}/gs1/check-digit.ts`,
    find: '(digits.length - index) % 2 === 1',
    replace: 'index % 2 === 0',
    test: { file: `${folder}/gs1/gs1.test.ts` },
  },
  {
    name: 'a label names a thing twice and the second counts',
    file: `${folder}/gs1/labels.ts`,
    find: "    if (elements.has(code)) return no({ type: 'repeated-identifier', expected: 'each identifier once' })\n",
    replace: '',
    test: { file: `${folder}/gs1/gs1.test.ts` },
  },
  {
    name: 'an unknown member of an event is passed over',
    file: `${folder}/documents/shapes.ts`,
    find: "    if (others === 'any') return undefined\n",
    replace: '    return undefined\n',
    test: { file: documentTest },
  },
  {
    name: 'instance data are taken with any action',
    file: `${folder}/documents/event-rules.ts`,
    find: "(event as JsonObject).has('ilmd') &&",
    replace: "(event as JsonObject).has('lost') &&",
    test: { file: documentTest },
  },
  {
    name: 'the number of events in a document has no end',
    file: `${folder}/documents/document.ts`,
    find: 'if (opened.forms.length > limits.eventsMax)',
    replace: 'if (opened.forms.length < 0)',
    test: { file: documentTest, name: 'bytes, levels and events have each an end' },
  },
  {
    name: 'a document type is read',
    file: `${folder}/xml/tree.ts`,
    find: "  parser.on('doctype', () => stop('not-xml', 'no document type'))\n",
    replace: '',
    test: { file: `${folder}/xml/document-in.test.ts` },
  },
  {
    name: 'one prefix with two meanings keeps the first',
    file: `${folder}/xml/prefixes.ts`,
    find: 'this.#byPrefix.has(free)',
    replace: 'number < 0',
    test: {
      file: `${folder}/xml/document-in.test.ts`,
      name: 'keeps what repeats as a list, attributes as members, and two meanings of one prefix apart',
    },
  },
  {
    name: 'the identifier of an event depends on the order of its units',
    file: `${folder}/hash/event-hash.ts`,
    find: "texts.toSorted(byCodePoint).join('')",
    replace: "texts.join('')",
    test: { file: hashTest },
  },
  {
    name: 'the time of recording is part of an identifier',
    file: `${folder}/hash/event-hash.ts`,
    find: "  'recordTime',\n",
    replace: '',
    test: { file: hashTest },
  },
  {
    name: 'a document is taken in part',
    file: `${folder}/repository/capture.ts`,
    find: '    if (!fault) continue\n',
    replace: "    if (!fault || fault.type === 'contradiction') continue\n",
    test: {
      file: repositoryTest,
      name: 'refuses a name that another event has, in the repository or in the same document',
    },
  },
  {
    name: 'a pattern open in its middle matches nothing, silently',
    file: `${folder}/repository/match.ts`,
    find: '        if (canonical === undefined) return undefined\n',
    replace: '        if (canonical === undefined) continue\n',
    test: { file: repositoryTest },
  },
  {
    name: 'a page shows what was captured after the first',
    file: `${folder}/repository/query.ts`,
    find: 'const before = token?.before ?? repository.count',
    replace: 'const before = repository.count',
    test: { file: repositoryTest, name: 'pages of one answer fit together while events go on being captured' },
  },
  {
    name: 'a closed case goes on',
    file: `${folder}/exceptions/cases.ts`,
    find: "  if (before.state === 'closed') return no('closed-already')\n",
    replace: '',
    test: { file: `${folder}/exceptions/exceptions.test.ts` },
  },
]
