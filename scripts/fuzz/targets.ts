/** All doors where bytes of others enter, in the order of the layers. */
import type { Target } from './target.ts'
import { appTargets } from './targets-apps.ts'
import { engineTargets } from './targets-engine.ts'
import { epcisTargets } from './targets-epcis.ts'
import { ledgerTargets } from './targets-ledger.ts'
import { lightTargets } from './targets-light.ts'
import { peerTargets } from './targets-peers.ts'
import { prescriptionTargets } from './targets-prescriptions.ts'
import { schemaTargets } from './targets-schemas.ts'
import { sealedTargets } from './targets-sealed.ts'
import { streamTargets } from './targets-streams.ts'
import { textTargets } from './targets-texts.ts'

const layers = [
  'codec',
  'crypto',
  'kernel',
  'contracts',
  'store',
  'engine',
  'peers',
  'policy',
  'vault',
  'fhir',
  'epcis',
  'exchange',
  'sdk',
  'node',
  'cli',
]

export const targets: readonly Target[] = [
  ...textTargets,
  ...ledgerTargets,
  ...lightTargets,
  ...engineTargets,
  ...peerTargets,
  ...sealedTargets,
  ...streamTargets,
  ...schemaTargets,
  ...prescriptionTargets,
  ...epcisTargets,
  ...appTargets,
].sort((a, b) => layerOf(a) - layerOf(b) || (a.name < b.name ? -1 : 1))

function layerOf({ name }: Target): number {
  return layers.indexOf(name.split('/')[0] as string)
}
