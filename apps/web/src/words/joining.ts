/** Enrolling at a place with the code that it hands over, and checking in anywhere. */

export const englishJoining = {
  title: 'Add a place',
  lead: 'A place where you are treated checks who you are, in person, and hands you a code. It is good once, for a day.',
  place: 'Place',
  pick: 'Choose one',
  away: 'The list comes as soon as the node answers again.',
  code: 'Its code',
  codeForm: 'A code has twenty digits and letters from a to f.',
  go: 'Enrol',
  done: (name: string): string => `${name} knows this wallet now.`,
  known: (name: string): string => `This wallet is enrolled at ${name} already.`,
  where: 'Where are you?',
}

export const spanishJoining: typeof englishJoining = {
  title: 'Añadir un lugar',
  lead: 'Un lugar donde le tratan comprueba en persona quién es usted y le entrega un código. Vale una vez, durante un día.',
  place: 'Lugar',
  pick: 'Elija uno',
  away: 'La lista llega en cuanto el nodo responda de nuevo.',
  code: 'Su código',
  codeForm: 'Un código tiene veinte cifras y letras de la a a la f.',
  go: 'Inscribirse',
  done: (name) => `${name} conoce ahora esta cartera.`,
  known: (name) => `Esta cartera ya está inscrita en ${name}.`,
  where: '¿Dónde está?',
}
