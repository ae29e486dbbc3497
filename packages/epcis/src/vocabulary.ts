/**
 * The words of the Core Business Vocabulary (CBV 2.0 §7), which JSON writes bare, XML as URNs or web addresses, and a
 * hash as web addresses. Each list has one prefix in each notation.
 */

/** A list of words, and how they are written where they do not stand bare. */
export interface Vocabulary {
  readonly words: ReadonlySet<string>
  /** Before the word, in the notation of CBV 1.2 that XML still uses; undefined where there was none. */
  readonly urn?: string
  /** Before the word, behind the namespace. */
  readonly web: string
  readonly namespace: 'cbv' | 'gs1'
}

/** Namespaces that the EPCIS 2.0 context declares for everybody. */
export const cbvNamespace = 'https://ref.gs1.org/cbv/'
export const gs1Namespace = 'https://gs1.org/voc/'

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

export const businessSteps: Vocabulary = {
  words: words(`
  accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
  decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
  installing killing loading other packing picking receiving removing repackaging repairing replacing
  reserving retail_selling shipping staging_outbound stock_taking stocking storing transporting unloading
  unpacking void_shipping sensor_reporting sampling
`),
  urn: 'urn:epcglobal:cbv:bizstep:',
  web: 'BizStep-',
  namespace: 'cbv',
}

export const dispositions: Vocabulary = {
  words: words(`
  active container_closed damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive
  no_pedigree_match non_sellable_other partially_dispensed recalled reserved retail_sold returned
  sellable_accessible sellable_not_accessible stolen unknown available completeness_verified
  completeness_inferred conformant container_open mismatch_instance mismatch_class mismatch_quantity
  needs_replacement non_conformant unavailable
`),
  urn: 'urn:epcglobal:cbv:disp:',
  web: 'Disp-',
  namespace: 'cbv',
}

export const errorReasons: Vocabulary = {
  words: words('did_not_occur incorrect_data'),
  urn: 'urn:epcglobal:cbv:er:',
  web: 'ER-',
  namespace: 'cbv',
}

export const transactionTypes: Vocabulary = {
  words: words('bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt'),
  urn: 'urn:epcglobal:cbv:btt:',
  web: 'BTT-',
  namespace: 'cbv',
}

export const sourceTypes: Vocabulary = {
  words: words('owning_party possessing_party location'),
  urn: 'urn:epcglobal:cbv:sdt:',
  web: 'SDT-',
  namespace: 'cbv',
}

export const components: Vocabulary = {
  words: words(`
  x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude
  longitude altitude
`),
  web: 'Comp-',
  namespace: 'cbv',
}

/** What a sensor measures (GS1 web vocabulary, MeasurementType). */
export const measurements: Vocabulary = {
  words: words(`
  AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Radioactivity Altitude AmountOfSubstance
  AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
  Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
  ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
  Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
  LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration
  MassFlowRate MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power
  Pressure RadiantFlux RadiantIntensity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume
  Speed SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction
  VolumetricFlux Wavenumber
`),
  web: '',
  namespace: 'gs1',
}

export const sensorAlerts: Vocabulary = { words: words('ALARM_CONDITION ERROR_CONDITION'), web: '', namespace: 'gs1' }

/** The bare word of a text in any notation, or the text where it is none of this vocabulary. */
export function bareWord(vocabulary: Vocabulary, text: string): string {
  const address = vocabulary.namespace === 'cbv' ? cbvNamespace : gs1Namespace
  for (const prefix of [vocabulary.urn, `${vocabulary.namespace}:${vocabulary.web}`, address + vocabulary.web]) {
    if (prefix !== undefined && text.startsWith(prefix) && vocabulary.words.has(text.slice(prefix.length)))
      return text.slice(prefix.length)
  }
  return text
}

/** The web address of a word, in whichever notation it came; other texts with their short namespace written out. */
export function webAddress(vocabulary: Vocabulary, text: string): string {
  const address = vocabulary.namespace === 'cbv' ? cbvNamespace : gs1Namespace
  if (vocabulary.words.has(text)) return address + vocabulary.web + text
  if (vocabulary.urn !== undefined && text.startsWith(vocabulary.urn))
    return address + vocabulary.web + text.slice(vocabulary.urn.length)
  return text
}
