/**
 * Imports FHIR R4 files: each resource goes, as received, to the organisation that made it. Streaming, and resumable: a
 * file that was finished is passed over, and in one that was not, the same bytes are kept once.
 */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { factsOf } from '@plexus/assembly'
import type { IncomingRecord } from '@plexus/exchange'
import {
  type AttributedEntry,
  Attribution,
  attribute,
  chartFileEndings,
  provenanceOf,
  type ReadEntries,
  type Refusal,
  readSampleFile,
  validateResource,
} from '@plexus/fhir'
import type { Custodians } from './custodians.ts'
import type { Directory } from './directory.ts'

/** Files of one import; a folder with more is given in parts. */
const filesMax = 100_000
/** Refusals that the report lists one by one; all are counted. */
const refusalsListedMax = 1_000
/** The chart of what belongs to no patient: directories of organisations and practitioners. */
const administrativeChart = 'administrative'
const fhirJson = 'application/fhir+json'

export interface ImportReport {
  /** Entries and lines that were read, refused ones included: `stored` + `refusedCount` + `unchanged`. */
  read: number
  stored: number
  /** Already there with the same bytes. */
  unchanged: number
  refusedCount: number
  readonly refused: { readonly where: string; readonly why: string }[]
  /** Terminology of the source outside its required bindings: stored all the same. */
  warnings: number
  readonly files: { readonly file: string; readonly state: 'imported' | 'finished-before' }[]
  /** What each custodian holds of what was read, by resource type. */
  readonly custodians: Map<string, Map<string, number>>
  readonly patients: Set<string>
}

export interface ImportOptions {
  readonly directory: Directory
  readonly custodians: Custodians
  readonly now: () => number
  /** After each file and each batch of lines: bytes of input finished, of all. */
  readonly progress?: (done: number, total: number) => void
}

export type ImportRefusal = { readonly type: 'input-missing' | 'input-too-many-files'; readonly path: string }

/** Files under the given paths, in a stated order. Folders are walked; links are not followed. */
export function inputFiles(
  paths: readonly string[],
): { readonly ok: true; readonly files: readonly string[] } | { readonly ok: false; readonly reason: ImportRefusal } {
  const files: string[] = []
  const walk = (path: string): void => {
    if (lstatSync(path).isDirectory()) for (const name of readdirSync(path).sort()) walk(join(path, name))
    else if (chartFileEndings.some((ending) => path.endsWith(ending))) files.push(path)
  }
  for (const path of paths) {
    try {
      if (statSync(path).isDirectory()) walk(path)
      else files.push(path)
    } catch {
      return { ok: false, reason: { type: 'input-missing', path } }
    }
  }
  const once = [...new Set(files)]
  return once.length > filesMax
    ? { ok: false, reason: { type: 'input-too-many-files', path: paths[0] ?? '' } }
    : { ok: true, files: once }
}

export async function importFiles(files: readonly string[], options: ImportOptions): Promise<ImportReport> {
  const report: ImportReport = {
    read: 0,
    stored: 0,
    unchanged: 0,
    refusedCount: 0,
    refused: [],
    warnings: 0,
    files: [],
    custodians: new Map(),
    patients: new Set(),
  }
  const total = files.reduce((sum, file) => sum + statSync(file).size, 0)
  let done = 0
  const lines = files.filter((file) => /\.ndjson(\.gz|\.zst)?$/.test(file))
  const finished = (file: string): void => {
    done += statSync(file).size
    options.progress?.(done, total)
  }
  for (const file of files) {
    if (lines.includes(file)) continue
    await importOne(file, options, report, async () => {
      for await (const read of readSampleFile(file)) {
        if (read.ok) await takeBundle(file, read.value, options, report)
        else refuse(report, file, read.reason)
      }
    })
    finished(file)
  }
  if (lines.length > 0) await importLines(lines, options, report, finished)
  return report
}

async function importOne(
  file: string,
  { directory, now }: ImportOptions,
  report: ImportReport,
  take: () => Promise<void>,
): Promise<void> {
  const key = fileKey(file)
  const known = directory.importOf(key)
  if (known?.finished) {
    report.files.push({ file, state: 'finished-before' })
    return
  }
  if (!known) directory.setImport(key, { startedAt: Math.floor(now()), finished: false })
  await take()
  directory.setImport(key, { startedAt: directory.importOf(key)?.startedAt ?? Math.floor(now()), finished: true })
  report.files.push({ file, state: 'imported' })
}

/** Lines of a bulk export speak of each other across files: names are learnt from all before one is attributed. */
async function importLines(
  files: readonly string[],
  options: ImportOptions,
  report: ImportReport,
  finished: (file: string) => void,
): Promise<void> {
  const attribution = new Attribution({ patients: 'any' })
  for (const file of files)
    for await (const read of readSampleFile(file))
      if (read.ok) for (const entry of read.value.entries) attribution.learn(entry)
  for (const file of files) {
    await importOne(file, options, report, async () => {
      for await (const read of readSampleFile(file)) {
        if (!read.ok) {
          refuse(report, file, read.reason)
          continue
        }
        const attributed: AttributedEntry[] = []
        report.read += read.value.entries.length + read.value.refused.length
        for (const refused of read.value.refused) refuse(report, file, refused, false)
        for (const entry of read.value.entries) {
          const result = attribution.attribute(entry)
          if (result.ok) attributed.push(result.value)
          else refuse(report, file, result.reason, false)
        }
        await store(file, attributed, options, report)
      }
    })
    finished(file)
  }
}

async function takeBundle(
  file: string,
  { entries, refused }: ReadEntries,
  options: ImportOptions,
  report: ImportReport,
): Promise<void> {
  report.read += entries.length + refused.length
  for (const each of refused) refuse(report, file, each, false)
  const { attributed, refused: strangers } = attribute(entries)
  for (const each of strangers) refuse(report, file, each, false)
  await store(file, attributed, options, report)
}

/** Validates, groups by custodian and patient, and takes each group into custody with its Provenance. */
async function store(
  file: string,
  entries: readonly AttributedEntry[],
  { directory, custodians }: ImportOptions,
  report: ImportReport,
): Promise<void> {
  const groups = new Map<string, { entry: AttributedEntry; records: IncomingRecord[]; made: AttributedEntry[] }>()
  for (const entry of entries) {
    const { refused, warnings } = validateResource(entry.value)
    report.warnings += warnings.length
    const [first] = refused
    if (first) {
      refuse(report, file, { type: 'not-fhir', where: entry.where, ...first }, false)
      continue
    }
    const key = JSON.stringify([entry.organisation, entry.patient])
    const group = groups.get(key) ?? { entry, records: [], made: [] }
    group.records.push(recordOf(entry))
    group.made.push(entry)
    groups.set(key, group)
  }
  const startedAt = directory.importOf(fileKey(file))?.startedAt ?? 0
  for (const { entry, records, made } of groups.values()) {
    const custodian = await custodians.custodianOf(entry.organisation, entry.organisationName)
    const patient = entry.patient ?? administrativeChart
    const node = custodians.nodeOf(custodian)
    const given = [...records, ...provenances(made, startedAt)]
    const { stored } = await node.exchange.register(custodian.id, patient, given)
    const fresh = records.filter(({ source }) => stored.has(source)).length
    report.stored += fresh
    report.unchanged += records.length - fresh
    const types = report.custodians.get(custodian.id) ?? new Map<string, number>()
    for (const { resourceType } of made) types.set(resourceType, (types.get(resourceType) ?? 0) + 1)
    report.custodians.set(custodian.id, types)
    if (entry.patient !== null) {
      report.patients.add(patient)
      directory.holds(patient, custodian.id)
    }
  }
}

function recordOf(entry: AttributedEntry): IncomingRecord {
  const facts = factsOf(entry.value)
  return {
    source: `${entry.resourceType}/${entry.id}`,
    segment: entry.segment,
    resourceType: entry.resourceType,
    codes: facts.codes
      .filter(({ code, system }) => code.length > 0 && code.length <= 80 && (system ?? '').length <= 200)
      .map(({ system, code }) => ({ system: system ?? '', code })),
    contentType: fhirJson,
    // A copy: the entry's bytes are a view into the whole source.
    bytes: entry.raw.slice(),
    enteredInError: facts.enteredInError,
  }
}

/** One Provenance for everything that one rule gave to one organisation: it says how the maker is known. */
function provenances(entries: readonly AttributedEntry[], startedAt: number): readonly IncomingRecord[] {
  const rules = [...new Set(entries.map(({ rule }) => rule))].sort()
  const recordedAt = new Date(startedAt * 1000).toISOString()
  return rules.map((rule) => {
    const targets = entries.filter((entry) => entry.rule === rule)
    const names = targets.map(({ resourceType, id }) => `${resourceType}/${id}`).join(' ')
    const id = createHash('sha256').update(`${rule} ${names}`).digest('hex').slice(0, 32)
    return {
      source: `Provenance/${id}`,
      segment: 'general',
      resourceType: 'Provenance',
      codes: [],
      contentType: fhirJson,
      bytes: provenanceOf(targets, { id, recordedAt }),
      enteredInError: false,
    }
  })
}

/** `counted`: the refusal stands for something that was read (a whole file, a line). */
function refuse(report: ImportReport, file: string, refusal: Refusal, counted = true): void {
  if (counted) report.read++
  report.refusedCount++
  if (report.refused.length >= refusalsListedMax) return
  const { where, type, path, expected, came } = refusal
  report.refused.push({
    where: `${relative('.', file)}: ${where}`,
    why: `${type}${path ? ` at ${path}` : ''}: expected ${expected}, came ${came}`,
  })
}

/** A file that changed is another file. The digest keeps the path, which may name a patient, out of the directory. */
function fileKey(path: string): string {
  const { size, mtimeMs } = statSync(path)
  return createHash('sha256')
    .update(`${resolve(path)}\0${size}\0${mtimeMs}`)
    .digest('hex')
    .slice(0, 32)
}
