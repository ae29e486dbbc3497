/** The groups of a record, in the order in which they are shown. */
export const kinds = [
  'problems',
  'medications',
  'allergies',
  'results',
  'reports',
  'procedures',
  'immunizations',
  'encounters',
  'documents',
  'plans',
  'claims',
  'devices',
  'administrative',
  'other',
] as const

export type Kind = (typeof kinds)[number]

/** The group of a resource type; what is not listed is shown under `other`, never left out. */
export function kindOf(resourceType: string): Kind {
  return kindsByType.get(resourceType) ?? 'other'
}

/** The resource types of a group; none of `other`. */
export const typesOf = (kind: Kind): readonly string[] => typesByKind.find(([name]) => name === kind)?.[1] ?? []

const typesByKind: readonly (readonly [Kind, readonly string[]])[] = [
  ['problems', ['Condition']],
  ['medications', ['MedicationRequest', 'MedicationStatement', 'MedicationDispense', 'MedicationAdministration']],
  ['allergies', ['AllergyIntolerance']],
  ['results', ['Observation']],
  ['reports', ['DiagnosticReport', 'ImagingStudy']],
  ['procedures', ['Procedure']],
  ['immunizations', ['Immunization']],
  ['encounters', ['Encounter', 'EpisodeOfCare']],
  ['documents', ['DocumentReference', 'Composition', 'Media', 'QuestionnaireResponse']],
  [
    'plans',
    ['CarePlan', 'Goal', 'CareTeam', 'ServiceRequest', 'NutritionOrder', 'Appointment', 'ImmunizationRecommendation'],
  ],
  ['claims', ['Claim', 'ClaimResponse', 'ExplanationOfBenefit', 'Coverage']],
  ['devices', ['Device', 'DeviceRequest', 'DeviceUseStatement']],
  [
    'administrative',
    [
      'Patient',
      'RelatedPerson',
      'Practitioner',
      'PractitionerRole',
      'Organization',
      'Location',
      'Provenance',
      'Consent',
    ],
  ],
]

const kindsByType: ReadonlyMap<string, Kind> = new Map(
  typesByKind.flatMap(([kind, types]) => types.map((type) => [type, kind] as const)),
)
