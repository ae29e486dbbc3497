/** How many patients each member asked for on its own word, emergencies apart: counted with the receipt, whatever comes of it. */
import { list, object, uint } from '@plexus/codec'
import { type Decision, type IntentContent, npi } from '@plexus/policy'
import { secondsPerDay } from './facts.ts'
import type { Journal, JournalChange } from './ports.ts'
import { sequenceKey, tableOf } from './tables.ts'

/** Clinicians of one member who asked for one patient on one day. */
const cliniciansMax = 1_000

export class SelfAsserted {
  private readonly blind: (...parts: readonly string[]) => string
  private readonly asked
  private readonly askedTotals

  constructor({
    journal,
    blind,
  }: { readonly journal: Journal; readonly blind: (...parts: readonly string[]) => string }) {
    this.blind = blind
    this.asked = tableOf(journal, 'self-asserted', object({ npis: list(npi, { max: cliniciansMax }) }))
    this.askedTotals = tableOf(journal, 'self-asserted-totals', uint())
  }

  /** Patients for whom this requester, and this clinician, asked on the day of `time` (seconds), this patient left out. */
  today(
    content: IntentContent,
    patient: string,
    time: number,
  ): { readonly byRequester: number; readonly byClinician: number } {
    const prefix = this.askedPrefix(content, time)
    let byRequester = 0
    let byClinician = 0
    for (const [key, { npis }] of this.asked.entries({ prefix })) {
      if (key === prefix + patient) continue
      byRequester++
      if (npis.includes(content.clinician.npi)) byClinician++
    }
    return { byRequester, byClinician }
  }

  /** Changes that belong into the write of the receipt. */
  count(content: IntentContent, patient: string, decision: Decision, time: number): readonly JournalChange[] {
    if (decision.type === 'refuse' || decision.grade === 'corroborated') return []
    const key = this.askedPrefix(content, time) + patient
    const known = this.asked.get(key)
    const npis = [...new Set([...(known?.npis ?? []), content.clinician.npi])].sort()
    const changes = [this.asked.put(key, { npis })]
    if (known) return changes
    const total = `${sequenceKey(Math.floor(time / secondsPerDay))}/${content.custodian}/${content.requester}`
    return [...changes, this.askedTotals.put(total, (this.askedTotals.get(total) ?? 0) + 1)]
  }

  /** Distinct patients for whom each requester asked at a custodian on a day on its own word; emergencies count once more. */
  totals(day: number, custodian: string): readonly { readonly asker: string; readonly requests: number }[] {
    const prefix = `${sequenceKey(day)}/${custodian}/`
    return [...this.askedTotals.entries({ prefix })].map(([key, requests]) => ({
      asker: key.slice(prefix.length),
      requests,
    }))
  }

  private askedPrefix({ custodian, requester, purpose }: IntentContent, time: number): string {
    const kind = purpose === 'ETREAT' ? 'asked-in-emergency' : 'asked'
    return `${this.blind(kind, custodian, requester, String(Math.floor(time / secondsPerDay)))}/`
  }
}
