import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes'

/** What may stand in one type or backbone element, by member name; choices (`value[x]`) are spelt out. */
export interface TypeShape {
  readonly members: ReadonlyMap<string, MemberShape>
}

export interface MemberShape {
  /** Key of the shape of its values; "" for a primitive, "Resource" for any resource. */
  readonly shape: string
  /** FHIR type of its values: `code`, `CodeableConcept`, … */
  readonly type: string
  /** How JSON writes one value of it. */
  readonly kind: JsonKind
  /** May it repeat? Then JSON writes a list, also of one (R4 §2.6.2). */
  readonly repeats: boolean
  /** Path of the element this spells out a choice of, such as `Observation.value[x]`; else "". */
  readonly choice: string
  /** Canonical URL of the value set of a required binding, without version; else "". */
  readonly requiredValueSet: string
}

export type JsonKind = 'object' | 'string' | 'number' | 'boolean'

/** Shapes by type name (`Patient`, `HumanName`) and by path of backbone elements (`Patient.contact`). */
export type Shapes = ReadonlyMap<string, TypeShape>

/**
 * Shapes of FHIR R4 from the snapshots of its StructureDefinitions (R4 §5.3). Profiles and logical models are passed
 * over: this is what every resource must be, whatever it claims.
 */
export function shapesOf(definitions: readonly StructureDefinition[]): Shapes {
  const shapes = new Map<string, TypeShape>()
  for (const definition of definitions) {
    if (definition.derivation === 'constraint') continue
    if (definition.kind !== 'resource' && definition.kind !== 'complex-type') continue
    const elements = definition.snapshot?.element ?? []
    const owners = new Set(elements.map((element) => parentOf(element.path)))
    const members = new Map<string, Map<string, MemberShape>>()
    for (const owner of owners) if (owner !== '') members.set(owner, new Map())
    for (const element of elements) {
      const owner = members.get(parentOf(element.path))
      if (owner) for (const [name, member] of membersOf(element, owners)) owner.set(name, member)
    }
    for (const [owner, found] of members) shapes.set(owner, { members: found })
  }
  return shapes
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')))
}

function membersOf(
  element: ElementDefinition,
  owners: ReadonlySet<string>,
): readonly (readonly [string, MemberShape])[] {
  const path = element.path
  const name = path.slice(path.lastIndexOf('.') + 1)
  const requiredValueSet =
    element.binding?.strength === 'required' ? (element.binding.valueSet ?? '').replace(/\|.*$/, '') : ''
  const repeats = (element.base?.max ?? element.max) !== '1'
  const shared = { choice: '', requiredValueSet, repeats }
  if (element.contentReference) {
    return [[name, { ...shared, shape: element.contentReference.slice(1), type: 'BackboneElement', kind: 'object' }]]
  }
  const types = (element.type ?? []).map(({ code }) => code)
  if (name.endsWith('[x]')) {
    return types.map((type) => [
      name.slice(0, -3) + type.charAt(0).toUpperCase() + type.slice(1),
      { ...shared, shape: shapeKey(type), type, kind: kindOf(type), choice: path },
    ])
  }
  const type = types[0] ?? ''
  return [[name, { ...shared, shape: owners.has(path) ? path : shapeKey(type), type, kind: kindOf(type) }]]
}

/** Primitive types begin with a small letter (R4 §2.24); the system types of FHIRPath are primitives too. */
function shapeKey(type: string): string {
  return /^[A-Z]/.test(type) ? type : ''
}

const numberTypes: ReadonlySet<string> = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt'])

function kindOf(type: string): JsonKind {
  if (shapeKey(type) !== '') return 'object'
  if (type === 'boolean') return 'boolean'
  return numberTypes.has(type) ? 'number' : 'string'
}
