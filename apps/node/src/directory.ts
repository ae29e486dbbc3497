/**
 * Which organisation of the input is which custodian of the demonstration. Names and identifiers of the input stay in
 * this file, beside the nodes; the ledger knows minted identifiers alone.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '@plexus/store'
import { z } from 'zod'

const entry = z.strictObject({ source: z.string(), name: z.string(), id: z.string(), member: z.string() })
const file = z.strictObject({
  organisations: z.array(entry),
  /** By a digest of path, length and time of a file: when its import began (seconds), and whether it was finished. */
  imports: z.record(z.string(), z.strictObject({ startedAt: z.number(), finished: z.boolean() })),
  /** Patients by their custodians, in the order of import. */
  patients: z.record(z.string(), z.array(z.string())),
})

export type Custodianship = z.infer<typeof entry>

export class Directory {
  private readonly path: string
  private readonly content: z.infer<typeof file>

  private constructor(path: string, content: z.infer<typeof file>) {
    this.path = path
    this.content = content
  }

  static open(data: string): Directory {
    const path = join(data, 'directory.json')
    if (!existsSync(path)) return new Directory(path, { organisations: [], imports: {}, patients: {} })
    const read = file.safeParse(jsonIn(path))
    if (!read.success)
      throw new Error(`${path} is not a directory of this version: ${read.error.issues[0]?.message ?? ''}`)
    return new Directory(path, read.data)
  }

  save(): void {
    writeDurably(this.path, `${JSON.stringify(this.content, null, 1)}\n`)
  }

  get organisations(): readonly Custodianship[] {
    return this.content.organisations
  }

  bySource(source: string): Custodianship | undefined {
    return this.content.organisations.find((each) => each.source === source)
  }

  byId(id: string): Custodianship | undefined {
    return this.content.organisations.find((each) => each.id === id)
  }

  /** The name by which people know a custodian; its identifier when nobody told one. */
  nameOf(id: string): string {
    return this.byId(id)?.name ?? id
  }

  add(added: Custodianship): void {
    this.content.organisations.push(added)
    this.save()
  }

  get patients(): readonly string[] {
    return Object.keys(this.content.patients)
  }

  custodiansOf(patient: string): readonly string[] {
    return this.content.patients[patient] ?? []
  }

  holds(patient: string, custodian: string): void {
    const known = this.content.patients[patient] ?? []
    if (!known.includes(custodian)) this.content.patients[patient] = [...known, custodian]
  }

  importOf(file: string): { readonly startedAt: number; readonly finished: boolean } | undefined {
    return this.content.imports[file]
  }

  setImport(file: string, state: { readonly startedAt: number; readonly finished: boolean }): void {
    this.content.imports[file] = { ...state }
    this.save()
  }
}

/** The engine's own message of a fault quotes the text around it, and names of the input stand in this file. */
function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(
      `${path} ${error instanceof SyntaxError ? 'is no JSON' : 'cannot be read'}: restore the newest copy`,
    )
  }
}
