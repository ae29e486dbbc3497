/** What pages say of restrictions. */

type Texts = Readonly<Record<string, string>>

export const englishRestrictions = {
  title: 'Restrictions',
  lead: 'Finer than a door: some kinds of entries, from somebody, at some places, for a time. Sensitive topics stay closed unless you open them.',
  none: 'You have made none.',
  add: 'Add a restriction',
  lift: 'Take it back',
  effects: { deny: 'Kept back', permit: 'Given' },
  anyone: 'anyone who asks',
  others: 'anyone else',
  whats: {
    everything: 'everything',
    part2: 'substance use treatment (42 CFR Part 2)',
    reproductive: 'reproductive health',
    'minor-confidential': 'what a minor may keep confidential',
    psychotherapy: 'psychotherapy notes',
  } as Texts,
  sentence: {
    deny: (what: string, who: string): string => `${upper(what)}: not to ${who}`,
    permit: (what: string, who: string): string => `${upper(what)}: may go to ${who}`,
  },
  until: (day: string): string => `until ${day}`,
  places: (count: number, of: number): string => (count === of ? 'At all your places' : `At ${count} of ${of} places`),
  elsewhere: 'A directive that was made elsewhere',
  addTitle: (sentence: string): string => `What would change if you sign: ${sentence}`,
  liftTitle: 'What would change if you take it back',
  given: (count: number, of: number): string => `${count} of ${of} entries`,
  counting: 'Counting over your own record, with the rules that each place runs…',
  uncounted: 'The record or the rules could not be read, so nothing can be counted. Close this, and try again.',
  form: {
    title: 'Add a restriction',
    effect: 'Keep back or give',
    effectWhat: {
      deny: 'These entries are not given to them, whatever else you permit more widely.',
      permit: 'These entries may be given to them, on good evidence. A sensitive topic opens in no other way.',
    },
    what: 'What',
    who: 'To whom',
    where: 'At which places',
    places: 'Choose at least one place.',
    until: 'Until',
    untilWhat: 'The last day; leave it empty for no end.',
    untilFault: 'That day is over.',
    preview: 'Show what would change',
  },
}

export const spanishRestrictions: typeof englishRestrictions = {
  title: 'Restricciones',
  lead: 'Más finas que una puerta: ciertas entradas, para alguien, en ciertos lugares, por un tiempo. Los temas delicados siguen cerrados si usted no los abre.',
  none: 'No ha hecho ninguna.',
  add: 'Añadir una restricción',
  lift: 'Retirarla',
  effects: { deny: 'Retenido', permit: 'Permitido' },
  anyone: 'quien lo pida',
  others: 'cualquier otro',
  whats: {
    everything: 'todo',
    part2: 'tratamiento por consumo de sustancias (42 CFR Parte 2)',
    reproductive: 'salud reproductiva',
    'minor-confidential': 'lo que un menor puede mantener confidencial',
    psychotherapy: 'notas de psicoterapia',
  },
  sentence: {
    deny: (what, who) => `${upper(what)}: no para ${who}`,
    permit: (what, who) => `${upper(what)}: permitido para ${who}`,
  },
  until: (day) => `hasta el ${day}`,
  places: (count, of) => (count === of ? 'En todos sus lugares' : `En ${count} de ${of} lugares`),
  elsewhere: 'Una directiva hecha en otra parte',
  addTitle: (sentence) => `Qué cambiaría si firma: ${sentence}`,
  liftTitle: 'Qué cambiaría si la retira',
  given: (count, of) => `${count} de ${of} entradas`,
  counting: 'Contando en su propio historial, con las reglas que aplica cada lugar…',
  uncounted: 'No se pudo leer el historial o las reglas, así que nada puede contarse. Cierre esto e intente de nuevo.',
  form: {
    title: 'Añadir una restricción',
    effect: 'Retener o permitir',
    effectWhat: {
      deny: 'Estas entradas no se les dan, aunque usted permita algo más amplio.',
      permit: 'Estas entradas se les pueden dar, con buenas pruebas. Un tema delicado no se abre de otro modo.',
    },
    what: 'Qué',
    who: 'A quién',
    where: 'En qué lugares',
    places: 'Elija al menos un lugar.',
    until: 'Hasta',
    untilWhat: 'El último día; déjelo vacío si no hay fin.',
    untilFault: 'Ese día ya pasó.',
    preview: 'Mostrar qué cambiaría',
  },
}

function upper(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
