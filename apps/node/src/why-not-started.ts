/** For whoever runs a node: why it did not start, and what to do. */
import { sayClockBehind, sayEngineHomeRefusal, sayEngineProgramRefusal } from '@plexus/engine'
import type { NetworkRefusal } from './network.ts'

export function whyNotStarted(reason: NetworkRefusal, data: string): string {
  switch (reason.type) {
    case 'directory-in-use':
      return `${data}/${reason.member} is in use by another process. End that one first, or give another --data.`
    case 'wrong-master-key':
      return `The keys of ${reason.member} do not fit its key store: restore ${data}/${reason.member}/keys from its backup.`
    case 'port-not-to-be-had':
      return `${reason.member} is to answer at port ${reason.port} of ${reason.host}, and the system says ${reason.code}: end what listens there, or change the member's address.`
    case 'blocks-lost':
      return `${reason.member} orders blocks, and its newest is ${reason.height}, while somebody holds block ${reason.newest}: it must not sign those heights anew. Put a replica that has them under ${data}; if none has, found a new network (docs/guides/back-up-and-restore.md).`
    case 'other-engine':
      return `${data} was founded on the engine ${reason.came}: start it with \`--engine ${reason.came}\`, or give another --data.`
    case 'no-engine':
      return `${sayEngineProgramRefusal(reason.refusal)}.`
    case 'engine-refused':
      return `The engine beside ${reason.member} cannot start: ${reason.refusal.type === 'clock-behind' ? sayClockBehind(reason.refusal.seconds) : sayEngineHomeRefusal(reason.refusal)}.`
  }
}
