/**
 * Writes docs/reference: a page per contract, one for the statements, one for the refusals, made from the values that
 * the program itself runs on. `generate-docs.test.ts` fails while a page differs from what the code says.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Fields, Schema } from '@plexus/codec'
import { contracts } from '@plexus/contracts'
import { kernelRejections, opening, type RegisteredContract } from '@plexus/kernel'
import {
  acknowledgement,
  caseAnswer,
  caseContent,
  correction,
  directive,
  directiveSetContent,
  disagreementContent,
  enrolmentContent,
  evidenceContent,
  intentContent,
  notice,
  pageBundle,
  pageManifest,
  partReasons,
  profiles,
  purposes,
  receipt,
  receiptBundle,
  receiptDecision,
  recordVersion,
  refusals,
  releaseNoteContent,
  segments,
  statementTypes,
  walletNote,
} from '@plexus/policy'
import { bundleRefusals } from '@plexus/sdk'
import { commandsPage, routesPage } from './app-pages.ts'
import { list, mono, page, table } from './markdown.ts'

const folder = 'docs/reference'
const root = fileURLToPath(new URL('..', import.meta.url))

/** Every page by its path from the root. Those of the apps are asked of the apps themselves, which takes seconds. */
export async function pages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...contracts.map((contract): [string, string] => [
      `${folder}/contracts/${contract.name}.md`,
      contractPage(contract),
    ]),
    [`${folder}/statements.md`, statementsPage()],
    [`${folder}/refusals.md`, refusalsPage()],
    [`${folder}/commands.md`, commandsPage(root)],
    [`${folder}/http.md`, await routesPage(root)],
    [`${folder}/README.md`, contentsPage()],
  ])
}

function contentsPage(): string {
  return page('Reference', [
    'What the code itself says, generated from it. Prose stands beside the code: in the README of each package and contract.',
    list([
      ...contracts.map(({ name }) => `[contract ${name}](contracts/${name}.md)`),
      '[statements](statements.md): what is committed, and what wallets and nodes say to each other',
      '[refusals](refusals.md): every code with which a request, a transaction or a bundle can be refused',
      '[HTTP](http.md): the routes of a node',
      '[commands](commands.md): what `plexus` does',
    ]),
  ])
}

function contractPage({
  name,
  version,
  state,
  transaction,
  event,
  rejections,
  invariants,
}: RegisteredContract): string {
  return page(`${name}, version ${version}`, [
    `What it is for: [packages/contracts/src/${name}](../../../packages/contracts/src/${name}/README.md).`,
    '## Transactions',
    variants(transaction),
    '## Events',
    variants(event),
    '## Rejections, in order of precedence',
    table(
      ['code', 'rejection', 'says'],
      Object.entries(rejections).map(([type, { code, says }]) => [String(code), mono(type), says]),
    ),
    '## State',
    `Keys are \`${name}/COLLECTION/KEY\`.`,
    table(
      ['collection', 'value'],
      Object.entries(state).map(([collection, { value }]) => [mono(collection), inFields(value)]),
    ),
    '## Always true',
    list(Object.keys(invariants)),
  ])
}

function statementsPage(): string {
  const sections: readonly (readonly [string, string, Schema<unknown>])[] = [
    ['Enrolment', statementTypes.enrolment, enrolmentContent],
    ['Evidence', statementTypes.evidence, evidenceContent],
    ['Directive set', statementTypes.directiveSet, directiveSetContent],
    ['Directive, in a set', '', directive],
    ['Record version', statementTypes.recordVersion, recordVersion],
    ['Intent', statementTypes.intent, intentContent],
    ['Receipt', statementTypes.receipt, receipt],
    ['Decision, in a receipt', '', receiptDecision],
    ['Release note', statementTypes.releaseNote, releaseNoteContent],
    ['Correction', statementTypes.correction, correction],
    ['Acknowledgement', statementTypes.acknowledgement, acknowledgement],
    ['Case of a patient', statementTypes.patientCase, caseContent],
    ['Answer to a case', statementTypes.caseAnswer, caseAnswer],
    ['Disagreement with a denial', statementTypes.disagreement, disagreementContent],
    ['Manifest of pages', statementTypes.pageManifest, pageManifest],
    ['Bundle of pages, named by a manifest', '', pageBundle],
    ['Opening of a statement', '', opening],
    ['Receipt bundle', '', receiptBundle],
    ['Notices in a mailbox', '', notice],
    ['Notes of a wallet', '', walletNote],
  ]
  return page('Statements', [
    'Canonical CBOR, read by schema (see `vectors/encoding`). Fields are named as in the code; all are present.',
    `Segments: ${segments.map(mono).join(', ')}. Purposes: ${purposes.map(mono).join(', ')}.`,
    ...sections.flatMap(([title, type, schema]) => [
      `## ${title}`,
      ...(type === '' ? [] : [`Hashed and signed as ${mono(type)}.`]),
      schema.types ? variants(schema) : fieldsTable(schema.fields ?? {}),
    ]),
  ])
}

function refusalsPage(): string {
  return page('Refusals', [
    '## Of a request, in order of precedence',
    'Codes stand in receipts and are never renumbered. The exception is the paragraph of 45 CFR 171 on which a refusal rests.',
    table(
      ['code', 'refusal', 'exception', 'says'],
      Object.entries(refusals).map(([type, { code, exception, says }]) => [
        String(code),
        mono(type),
        exception ?? '',
        says,
      ]),
    ),
    '## Reasons for a release in part',
    table(
      ['reason', 'says'],
      Object.entries(partReasons).map(([type, says]) => [mono(type), says]),
    ),
    '## Profiles',
    table(
      ['profile', 'permits without a directive', 'closed without an explicit permit'],
      Object.values(profiles).map(({ name, permits, closed }) => [mono(name), permits.join(', '), closed.join(', ')]),
    ),
    '## Of a transaction, by the kernel, in order of precedence',
    'A contract refuses with codes of its own: see its page.',
    table(
      ['code', 'rejection', 'says'],
      Object.entries(kernelRejections).map(([type, { code, says }]) => [String(code), mono(type), says]),
    ),
    '## Of a receipt bundle, by who checks it',
    table(
      ['refusal', 'says'],
      Object.entries(bundleRefusals).map(([type, says]) => [
        mono(type),
        says
          .replace("The {part}'s", 'Its')
          .replace('the {part}', 'the intent or the receipt')
          .replace('The {part}', 'It'),
      ]),
    ),
  ])
}

function variants({ types = {} }: Schema<unknown>): string {
  return Object.entries(types)
    .map(([type, fields]) =>
      Object.keys(fields).length === 0 ? `### ${type}\n\nNo fields.` : `### ${type}\n\n${fieldsTable(fields)}`,
    )
    .join('\n\n')
}

function fieldsTable(fields: Fields): string {
  return table(
    ['field', 'is'],
    Object.entries(fields).map(([name, schema]) => [mono(name), saysOf(schema)]),
  )
}

/** A value's fields on one line, or what it is when it has none. */
function inFields(schema: Schema<unknown>): string {
  const entries = Object.entries(schema.fields ?? {})
  return entries.length === 0 ? saysOf(schema) : entries.map(([name, of]) => `${mono(name)} ${saysOf(of)}`).join('; ')
}

/** The largest integer that JSON and JavaScript agree on is no bound that anybody needs to read. */
const saysOf = ({ says }: Schema<unknown>): string =>
  says.replaceAll(`an integer from 0 to ${Number.MAX_SAFE_INTEGER}`, 'an integer from 0')

/** Pages whose file is missing or says something else. */
export function stalePages(of: ReadonlyMap<string, string>): readonly string[] {
  return [...of].flatMap(([path, content]) => {
    const file = join(root, path)
    return existsSync(file) && readFileSync(file, 'utf8') === content ? [] : [path]
  })
}

async function main(): Promise<void> {
  const made = await pages()
  rmSync(join(root, folder), { recursive: true, force: true })
  for (const [path, content] of made) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
    console.log(path)
  }
}

if (import.meta.main) await main()
