/** How the steps of the story are told: sentences for people, and facts as one JSON object a line. */
import type { AssembledRecord } from '@plexus/assembly'
import type { Look } from '@plexus/sdk'
import type { Demonstration } from './demonstration.ts'
import type { ImportReport } from './import.ts'

/** Refusals that a person reads on the screen; `--json` has them all. */
const refusalsSaidMax = 10

/** What one step found: printed for people, or as one JSON object a line. */
export interface StepReport {
  readonly step:
    | 'assemble'
    | 'cancel'
    | 'counterfeit'
    | 'directive'
    | 'dispense'
    | 'enrol'
    | 'goods'
    | 'import'
    | 'network'
    | 'patient-sees'
    | 'prescribe'
    | 'recall'
    | 'rebate'
    | 'refused'
    | 'release'
    | 'request'
    | 'silence'
    | 'verify'
  readonly ok: boolean
  /** Sentences for people. */
  readonly says: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
}

export function importStep(report: ImportReport, { directory }: Demonstration, seconds: number): StepReport {
  const custodians = [...report.custodians].map(([custodian, types]) => ({
    custodian,
    types: Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1))),
  }))
  return {
    step: 'import',
    ok: report.read === report.stored + report.unchanged + report.refusedCount,
    says: [
      `${report.read} resources of ${report.patients.size} patients read, ${report.stored} sealed, ${report.unchanged} already there, ${report.refusedCount} refused, in ${seconds.toFixed(1)} s.`,
      ...report.refused.slice(0, refusalsSaidMax).map(({ where, why }) => `Refused: ${where}: ${why}.`),
      `They lie at ${custodians.length} custodians${custodians.length > 0 && custodians.length <= 8 ? `: ${custodians.map(({ custodian }) => directory.nameOf(custodian)).join(', ')}` : ''}.`,
    ],
    facts: {
      read: report.read,
      stored: report.stored + report.unchanged,
      unchanged: report.unchanged,
      refused: report.refused,
      refusedCount: report.refusedCount,
      warnings: report.warnings,
      patients: report.patients.size,
      custodians,
      seconds: Number(seconds.toFixed(3)),
    },
  }
}

/** What the assembled record holds; `ok` when every source is there and everything in it verified. */
export function assembledStep({ directory }: Demonstration, record: AssembledRecord): StepReport {
  const therapy = record.conflicts.filter(({ kind }) => kind === 'therapy')
  const sources = record.sources.map(({ custodian, state, count, types }) => ({
    custodian,
    name: directory.nameOf(custodian),
    state: state.type,
    count,
    types,
  }))
  const failed = record.lines
    .filter(({ verified }) => !verified)
    .flatMap(({ resourceType, sources: from }) =>
      from.map(({ custodian, record: id }) => ({ custodian, resourceType, record: id })),
    )
  const lineOf = (key: string) => record.lines.find((line) => line.key === key)?.display ?? key
  return {
    step: 'assemble',
    ok: record.sources.every(({ state }) => state.type === 'complete' || state.type === 'part'),
    says: [
      `One record of ${record.entries} entries in ${record.lines.length} lines; ${record.linked} entries are linked into lines with others; ${record.conflicts.length} conflicts are shown.`,
      ...record.sources.map(
        ({ custodian, state, count }) => `${directory.nameOf(custodian)}: ${state.type}, ${count} entries.`,
      ),
      ...failed.map(
        ({ custodian, resourceType }) =>
          `${directory.nameOf(custodian)}: verification failed for one ${resourceType}; nothing of it is shown.`,
      ),
      ...therapy.map(({ lines }) => `Therapy conflict: ${lines.map(lineOf).join(' / ')}.`),
      ...record.gaps.map((gap) =>
        gap.type === 'source'
          ? `Gap: ${gap.custodian} ${gap.state}.`
          : `Gap: no source says anything about ${gap.kind}.`,
      ),
    ],
    facts: {
      sources,
      entries: record.entries,
      linked: record.linked,
      conflicts: record.conflicts.map(({ kind, lines, why }) => ({ kind, lines: lines.map(lineOf), why })),
      gaps: record.gaps,
      failed,
      lines: record.lines.length,
      height: record.height,
      medications: record.lines
        .filter(({ kind }) => kind === 'medications')
        .map(({ codes, display, status, sources: from }) => ({ codes, display, status, sources: from.length })),
    },
  }
}

/** One access in a sentence. */
export function lookSays({ requester, clinician, custodian, purpose, grade, decision }: Look): string {
  return `${requester ?? 'somebody'}, clinician ${clinician ?? 'unknown'}, asked ${custodian} for ${purpose ?? 'an unknown purpose'} on ${grade ?? 'no'} evidence: ${decision.type}.`
}

/** One access as facts. */
export function lookFacts({
  custodian,
  number,
  requester,
  clinician,
  purpose,
  madeAt,
  height,
  grade,
  decision,
  confirmedBy,
  verified,
}: Look) {
  return {
    custodian,
    number,
    requester,
    clinician,
    purpose,
    madeAt,
    height,
    evidence: 'check-in',
    grade,
    decision: decision.type,
    confirmedBy,
    verified,
  }
}
