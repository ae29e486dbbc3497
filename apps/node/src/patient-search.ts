/** Patients whom this member knows from its own charts, found by what somebody at the desk knows of them. */
import { readJson, toHex } from '@plexus/codec'
import type { RecordRow } from '@plexus/exchange'
import {
  custodianSystem,
  type Demographics,
  demographicsOf,
  type MatchReason,
  matchOf,
  type PatientQuery,
  weightOf,
} from '@plexus/fhir'
import type { MemberNode } from './member-node.ts'

/** More charts than these take an index of their own; a search that looked at a part of them would lie. */
const chartsMax = 20_000
/** A list is for telling two people apart, not for reading names. */
const candidatesMax = 5

export interface Candidate {
  readonly custodian: string
  readonly number: string
  readonly demographics: Demographics
  readonly reasons: readonly MatchReason[]
  /** Charts of the patient at other custodians, as the own chart names them. */
  readonly known: readonly { readonly custodian: string; readonly number: string }[]
}

export type Search =
  | { readonly type: 'found'; readonly candidates: readonly Candidate[] }
  /** Nobody is shown: what is known fits too many, or there are more charts than are looked through. */
  | { readonly type: 'too-many' }

/** What was read of Patient resources, by record version: versions never change. */
const readOnce = new WeakMap<MemberNode, Map<string, Demographics | null>>()

export function searchPatients(node: MemberNode, query: PatientQuery): Search {
  const { custody, organisations } = node.exchange
  const found: Candidate[] = []
  let charts = 0
  for (const [key, { custodian, patient }] of custody.patients.entries()) {
    if (++charts > chartsMax) return { type: 'too-many' }
    if (!organisations.has(custodian)) continue
    for (const row of custody.current(key)) {
      const demographics = row.resourceType === 'Patient' ? demographicsIn(node, custodian, row) : null
      const reasons = demographics && matchOf(query, demographics, patient)
      if (!demographics || !reasons) continue
      found.push({ custodian, number: patient, demographics, reasons, known: knownIn(demographics) })
      break
    }
  }
  if (found.length > candidatesMax) return { type: 'too-many' }
  return {
    type: 'found',
    candidates: found.sort((a, b) => weightOf(b.reasons) - weightOf(a.reasons) || (a.number < b.number ? -1 : 1)),
  }
}

function demographicsIn(node: MemberNode, custodian: string, row: RecordRow): Demographics | null {
  const known = readOnce.get(node) ?? new Map<string, Demographics | null>()
  readOnce.set(node, known)
  const name = toHex(row.record)
  const before = known.get(name)
  if (before !== undefined) return before
  const opened = node.vault.open({ record: row.record, where: row.where, custodian, contentType: row.contentType })
  const read = opened.ok ? readJson(opened.value) : undefined
  const demographics = read?.ok && read.value.value instanceof Map ? demographicsOf(read.value.value) : null
  if (known.size >= chartsMax) known.clear()
  known.set(name, demographics)
  return demographics
}

function knownIn({ identifiers }: Demographics): Candidate['known'] {
  return identifiers.flatMap(({ system, value }) =>
    system.startsWith(custodianSystem) ? [{ custodian: system.slice(custodianSystem.length), number: value }] : [],
  )
}
