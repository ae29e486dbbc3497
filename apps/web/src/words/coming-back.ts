/** What the page says while a wallet from paper finds itself again. */

export const englishComingBack = {
  title: 'Your wallet comes back',
  lead: 'It derives its keys from the code, looks for its handles on the ledger, and asks each place for what it holds.',
  formerLead:
    'A former version of this page kept your wallet. This one derives its keys again, looks for its handles on the ledger, and asks each place for what it holds. Until all of it was found, what was kept stays as it is.',
  looking: 'Looking for your places…',
  none: 'The ledger knows no place of this wallet. Check the code, or enrol anew.',
  notAll: 'Not everything was found',
  unanswered: 'Found; its directives are not known yet',
  behind: 'Found; your last change never arrived: sign it again',
  directives: (count: number): string =>
    count === 0 ? 'Found; no directives' : `Found; ${count} ${count === 1 ? 'directive' : 'directives'}`,
  lost: 'What it cannot know: the check-ins that the lost phone made, and anything it signed that never arrived. Whoever has the lost phone and can unlock it has this wallet too.',
}

export const spanishComingBack: typeof englishComingBack = {
  title: 'Su cartera vuelve',
  lead: 'Deriva sus claves del código, busca sus asas en el registro y pregunta a cada lugar qué tiene.',
  formerLead:
    'Una versión anterior de esta página guardó su cartera. Esta deriva de nuevo sus claves, busca sus asas en el registro y pregunta a cada lugar qué tiene. Hasta que se encuentre todo, lo guardado queda como está.',
  looking: 'Buscando sus lugares…',
  none: 'El registro no conoce ningún lugar de esta cartera. Revise el código o inscríbase de nuevo.',
  notAll: 'No se encontró todo',
  unanswered: 'Encontrado; aún no se conocen sus directivas',
  behind: 'Encontrado; su último cambio nunca llegó: fírmelo otra vez',
  directives: (count) =>
    count === 0 ? 'Encontrado; sin directivas' : `Encontrado; ${count} ${count === 1 ? 'directiva' : 'directivas'}`,
  lost: 'Lo que no puede saber: los registros en recepción que hizo el teléfono perdido, y lo que firmó y nunca llegó. Quien tenga el teléfono perdido y pueda abrirlo tiene también esta cartera.',
}
