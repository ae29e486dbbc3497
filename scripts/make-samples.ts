/**
 * Makes samples/ again: runs Synthea, a generator of synthetic patients, with everything that its output depends on
 * fixed; picks charts that are scattered over several organisations; puts into each the organisations, places and
 * practitioners that it refers to; and packs them. Needs Java 11 or newer and Maven; takes about two minutes.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { constants, zstdCompressSync } from 'node:zlib'
import { isJsonList, isJsonObject, type JsonObject, type JsonValue, readJson } from '@plexus/codec'
import { type AttributedEntry, attribute, readBundle, validateResource } from '@plexus/fhir'

const synthea = { group: 'org.mitre.synthea', artifact: 'synthea', version: '3.3.0' } as const

/** Synthea is reproducible only with all of: both seeds, reference and end date, and the zone of the process. */
const javaOptions = ['-Xmx768m', '-Duser.timezone=UTC'] as const
const syntheaOptions = [
  '-s 2611 -cs 2611 -r 20260101 -e 20260101 -p 40 -a 18-85',
  '--generate.only_alive_patients=true',
  '--exporter.fhir.use_us_core_ig=true',
  '--exporter.use_uuid_filenames=true',
  '--exporter.pretty_print=false',
  '--exporter.years_of_history=5',
  '--exporter.hospital.fhir.export=true',
  '--exporter.practitioner.fhir.export=true',
  '--exporter.fhir.excluded_resources=Provenance,SupplyDelivery,ImagingStudy,MedicationAdministration',
  'Massachusetts',
].flatMap((line) => line.split(' '))

/** Scattered enough to show the exchange at work, small enough to import all of them in seconds. */
const choice = { custodiansMin: 3, entriesMin: 400, entriesMax: 1600 } as const
const packedBytesMax = 8 * 1024 * 1024

const samples = fileURLToPath(new URL('../samples/', import.meta.url))

interface Sample {
  readonly id: string
  readonly bytes: Uint8Array
  readonly packed: Uint8Array
  readonly entries: number
  /** Encounters by organisation, most first. */
  readonly encounters: readonly number[]
  /** Medication codes that two or more organisations ordered: lines of the assembled chart with several sources. */
  readonly sharedMedications: number
  readonly medicationRequests: number
  readonly claims: number
}

function main(): void {
  const work = mkdtempSync(join(tmpdir(), 'plexus-samples-'))
  try {
    generate(work)
    const folder = join(work, 'output', 'fhir')
    const directory = new Directory(
      readdirSync(folder)
        .filter((name) => /^(hospital|practitioner)Information/.test(name))
        .map((name) => readFileSync(join(folder, name))),
    )
    const made = readdirSync(folder)
      .filter((name) => /^[0-9a-f-]{36}\.json$/.test(name))
      .toSorted()
      .flatMap((name) => sampleOf(readFileSync(join(folder, name)), directory) ?? [])
    write(made)
  } finally {
    rmSync(work, { recursive: true })
  }
}

function generate(work: string): void {
  writeFileSync(
    join(work, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>plexus</groupId><artifactId>samples</artifactId><version>1</version>
<dependencies><dependency><groupId>${synthea.group}</groupId><artifactId>${synthea.artifact}</artifactId>
<version>${synthea.version}</version></dependency></dependencies></project>\n`,
  )
  console.log('Fetching Synthea …')
  run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'], work)
  console.log('Running Synthea …')
  const output = `--exporter.baseDirectory=${join(work, 'output')}/`
  run('java', [...javaOptions, '-cp', join('lib', '*'), 'App', output, ...syntheaOptions], work)
}

function run(command: string, options: readonly string[], folder: string): void {
  try {
    execFileSync(command, options, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new Error(
      missing ? `${command} is not installed: this script needs Java 11 or newer and Maven` : `${command} failed`,
    )
  }
}

/** What hospitals and practitioners of the run are, by the conditional references that charts use for them. */
class Directory {
  readonly #entries = new Map<string, { readonly text: Uint8Array; readonly value: JsonObject }>()

  constructor(bundles: readonly Uint8Array[]) {
    for (const bytes of bundles) {
      for (const { text, resource } of bundleEntries(bytes)) {
        const [identifier] = listIn(resource, 'identifier')
        if (!isJsonObject(identifier)) continue
        const key = `${textIn(resource, 'resourceType')}?${textIn(identifier, 'system')}|${textIn(identifier, 'value')}`
        this.#entries.set(key, { text, value: resource })
      }
    }
  }

  /** Entries that the values refer to, directly or through each other, in the order of their keys. */
  referredToBy(values: readonly JsonValue[]): readonly Uint8Array[] {
    const found = new Map<string, Uint8Array>()
    const waiting = [...values]
    for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
      for (const key of conditionalKeysIn(value)) {
        const entry = this.#entries.get(key)
        if (entry === undefined || found.has(key)) continue
        found.set(key, entry.text)
        waiting.push(entry.value)
      }
    }
    return [...found.keys()].toSorted().flatMap((key) => found.get(key) ?? [])
  }
}

/** Keys of references by search (`Type?identifier=system|value`) and by identifier; the latter name organisations here. */
function conditionalKeysIn(value: JsonValue): readonly string[] {
  if (isJsonList(value)) return value.flatMap(conditionalKeysIn)
  if (!isJsonObject(value)) return []
  const reference = value.get('reference')
  const direct =
    typeof reference === 'string' && reference.includes('?identifier=') ? [reference.replace('identifier=', '')] : []
  const managing = value.get('managingOrganization')
  const identifier = isJsonObject(managing) ? managing.get('identifier') : undefined
  if (isJsonObject(identifier))
    direct.push(`Organization?${textIn(identifier, 'system')}|${textIn(identifier, 'value')}`)
  return [...direct, ...[...value.values()].flatMap(conditionalKeysIn)]
}

/** The chart with what it refers to, one entry a line, or undefined when it is not one to choose. */
function sampleOf(source: Uint8Array, directory: Directory): Sample | undefined {
  const own = bundleEntries(source)
  const referred = directory.referredToBy(own.map(({ resource }) => resource))
  const lines = [...own.map(({ text }) => text), ...referred].flatMap((text, index) => [
    Buffer.from(index === 0 ? '\n' : ',\n'),
    text,
  ])
  const bytes = new Uint8Array(
    Buffer.concat([
      Buffer.from('{"resourceType":"Bundle","type":"transaction","entry":['),
      ...lines,
      Buffer.from('\n]}\n'),
    ]),
  )
  const read = readBundle(bytes)
  if (!read.ok) throw new Error('Synthea wrote a bundle that cannot be read')
  const { attributed, refused } = attribute(read.value.entries)
  const ofType = (type: string) => attributed.filter(({ resourceType }) => resourceType === type)
  const encounters = Map.groupBy(ofType('Encounter'), ({ organisation }) => organisation)
  const { custodiansMin, entriesMin, entriesMax } = choice
  if (encounters.size < custodiansMin || own.length < entriesMin || own.length > entriesMax) return undefined
  const invalid = read.value.entries.filter(({ value }) => validateResource(value).refused.length > 0)
  if (refused.length > 0 || invalid.length > 0) throw new Error('Synthea wrote resources that are refused')
  return {
    id: ofType('Patient')[0]?.id ?? '',
    bytes,
    packed: pack(bytes),
    entries: attributed.length,
    encounters: [...encounters.values()].map(({ length }) => length).toSorted((a, b) => b - a),
    sharedMedications: sharedMedications(ofType('MedicationRequest')),
    medicationRequests: ofType('MedicationRequest').length,
    claims: ofType('Claim').length + ofType('ExplanationOfBenefit').length,
  }
}

function sharedMedications(requests: readonly AttributedEntry[]): number {
  const orderedBy = new Map<string, Set<string>>()
  for (const { value, organisation } of requests) {
    const concept = value.get('medicationCodeableConcept')
    const [coding] = isJsonObject(concept) ? listIn(concept, 'coding') : []
    if (!isJsonObject(coding)) continue
    const code = textIn(coding, 'code')
    orderedBy.set(code, (orderedBy.get(code) ?? new Set()).add(organisation))
  }
  return [...orderedBy.values()].filter(({ size }) => size > 1).length
}

function pack(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_checksumFlag]: 1 },
  })
}

/** Entries of a bundle: their exact bytes and their resources. */
function bundleEntries(bytes: Uint8Array): readonly { readonly text: Uint8Array; readonly resource: JsonObject }[] {
  const read = readJson(bytes)
  if (!read.ok || !isJsonObject(read.value.value)) throw new Error('Synthea wrote a file that is no JSON object')
  const { span } = read.value
  return listIn(read.value.value, 'entry').flatMap((entry) => {
    const resource = isJsonObject(entry) ? entry.get('resource') : undefined
    if (!isJsonObject(entry) || !isJsonObject(resource)) return []
    const { start, end } = span(entry)
    return [{ text: bytes.subarray(start, end), resource }]
  })
}

function listIn(value: JsonObject, key: string): readonly JsonValue[] {
  const member = value.get(key)
  return isJsonList(member) ? member : []
}

function textIn(value: JsonObject, key: string): string {
  const member = value.get(key)
  return typeof member === 'string' ? member : ''
}

function write(made: readonly Sample[]): void {
  const packedBytes = made.reduce((sum, { packed }) => sum + packed.length, 0)
  if (made.length < 12 || packedBytes > packedBytesMax)
    throw new Error('too few samples, or too large: change the choice')
  mkdirSync(samples, { recursive: true })
  for (const name of readdirSync(samples)) rmSync(join(samples, name))
  for (const { id, packed } of made) writeFileSync(join(samples, `${id}.json.zst`), packed)
  writeFileSync(join(samples, 'README.md'), readme(made))
  console.log(`${made.length} samples, ${(packedBytes / 1e6).toFixed(2)} MB`)
}

function readme(made: readonly Sample[]): string {
  const rows = made.map((sample) =>
    [
      `\`${sample.id}\``,
      sample.entries,
      `${sample.encounters.length} (${sample.encounters.join(', ')})`,
      sample.medicationRequests,
      sample.sharedMedications,
      sample.claims,
      `\`${createHash('sha256').update(sample.bytes).digest('hex').slice(0, 16)}\``,
    ].join(' | '),
  )
  const total = made.reduce((sum, { entries }) => sum + entries, 0)
  return `# Samples

${made.length} charts of synthetic patients, ${total} resources: living adults, five years of history, each at ${choice.custodiansMin} or more
organisations. No real person is in them. They are generated: do not edit, run \`npm run samples\`.

- Generator: Synthea ${synthea.version} (\`${synthea.group}:${synthea.artifact}:${synthea.version}\`, from Maven Central), Apache-2.0; its output is
  given under the same licence.
- Java options: \`${javaOptions.join(' ')}\`
- Options: \`${syntheaOptions.join(' ')}\`
- Chosen: charts of ${choice.entriesMin} to ${choice.entriesMax} entries with encounters at ${choice.custodiansMin} or more organisations. Claims and explanations of benefit are
  kept. The organisations, places and practitioners that a chart refers to were added at its end, from the bundles that
  Synthea writes for hospitals and practitioners. All bytes of a resource are as Synthea wrote them.
- Format: FHIR R4 transaction bundles with US Core profiles, one entry a line, packed with zstd. Two runs gave the same
  bytes; another release of zstd may pack differently, so the hash is of the unpacked file (first 16 digits of SHA-256).

| patient | resources | organisations (encounters) | medication requests | medications from several | claims and benefits | SHA-256 |
|---|--:|---|--:|--:|--:|---|
${rows.map((row) => `| ${row} |`).join('\n')}
`
}

main()
