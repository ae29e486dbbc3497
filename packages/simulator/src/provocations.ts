/** Somebody always comes in between: a head is closed between the two decisions, or after the release, and the request comes again. */
import type { Actions } from './actions.ts'
import type { World } from './world.ts'

export function provoke(world: World, actions: Actions): void {
  const chance = world.chance.stream('provocations')
  const provoked = new Set<string>()
  world.watch.onReceipt.push((node, { receipt }) => {
    const granted = receipt.decision.type === 'permit' || receipt.decision.type === 'part'
    const patient = receipt.mailbox ? world.patientByMailbox(receipt.mailbox.address) : undefined
    if (!world.faulty || !granted || !patient || patient.isBusy || !chance.happens(0.25)) return
    // The receipt's batch is slow, so that the closing comes first.
    const link = world.linkOf(node)
    link?.setDelay(2_500)
    world.timeline.after(6_000, () => world.linkOf(node)?.setDelay(3))
    actions.changeDirectives([patient, receipt.custodian], [])
    world.count('closing between the decisions')
  })
  world.watch.onAnswer.push((node, intent, receipt) => {
    const patient = receipt.mailbox ? world.patientByMailbox(receipt.mailbox.address) : undefined
    const request = world.watch.requests.get(intent)
    if (!world.faulty || !patient || !request || node.dishonesty) return
    if (provoked.has(intent) || !chance.happens(0.3)) return
    provoked.add(intent)
    if (chance.happens(0.6) && !patient.isBusy) {
      actions.changeDirectives([patient, receipt.custodian], [])
      world.count('closing after the release')
    }
    for (const seconds of [1, 5, 15]) world.carry(request.from, request.to, request.sealed, seconds * 1000)
  })
}
