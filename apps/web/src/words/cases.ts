/** What pages say of cases: an entry or an access that the patient says is wrong. */

export const englishCases = {
  wrong: 'Not right?',
  wrongEntry: (entry: string): string => `Not right? ${entry}`,
  wrongAccess: 'This is wrong',
  entryTitle: 'Ask for a correction',
  entryLead: (entry: string): string =>
    `“${entry}”: say what is wrong with it. It goes sealed to the place that wrote it. They must answer within 60 days (45 CFR 164.526).`,
  entryMeanwhile:
    'Until they answer, whoever is given this entry sees that you dispute it. They do not see your words. Nobody but that place can change the entry.',
  accessTitle: 'This access was wrong',
  accessLead: (who: string): string =>
    `Say what was wrong about it. It opens a complaint at ${who}, whose people must look into it (45 CFR 164.530(d)).`,
  complainElsewhere: 'You may also complain to the Office for Civil Rights at any time, without asking anybody here.',
  place: 'At which place?',
  words: 'What is wrong?',
  wordsLead: 'In your own words; up to about two pages.',
  wordsFault: 'Write something, in at most 4,000 bytes of plain text.',
  send: 'Sign and send',
  sent: 'It is there',
  sentLead:
    'The place has it and cannot say otherwise: it committed to it on the ledger. The answer comes to this wallet.',
  lost: 'It did not arrive. It is signed and kept in this wallet.',
  again: 'Send again',
  listTitle: 'What you said is wrong',
  listNone: 'Nothing so far. You can say so at any entry of your record, and at any look.',
  kinds: { record: 'An entry', access: 'An access' },
  states: {
    'on-its-way': 'On its way',
    open: 'Open',
    accepted: 'You were right',
    denied: 'They stand by it',
  },
  due: (date: string): string => `They must answer by ${date}.`,
  you: 'You',
  they: 'They answered',
  bases: {
    'access-was-permitted': 'They say the access was permitted.',
    'accurate-and-complete': 'They say the entry is accurate and complete.',
    'not-created-here': 'They say that they did not write it: ask whoever did.',
    'not-in-the-record-set': 'They say that it is not part of your record.',
    'not-open-to-inspection': 'They say that it is of a kind that the law keeps closed.',
  },
  accepted: 'They will correct it; the corrected entry takes its place in your record.',
  disagree: 'I still disagree',
  disagreeTitle: 'Your statement of disagreement',
  disagreeLead:
    'From now on it goes with this entry, beside their denial, to everybody who is given it (45 CFR 164.526(d)). Write what you want them to read.',
  disagreed: 'Your statement goes with this entry',
  disagreedUnheard: 'Your statement is on its way',
  patientSays: 'The patient says',
  custodianSays: 'Its source says',
  disputedOpen: 'The patient says this is wrong; its source has not answered yet.',
}

export const spanishCases: typeof englishCases = {
  wrong: '¿No es así?',
  wrongEntry: (entry) => `¿No es así? ${entry}`,
  wrongAccess: 'Esto está mal',
  entryTitle: 'Pedir una corrección',
  entryLead: (entry) =>
    `«${entry}»: diga qué está mal. Llega sellado al lugar que lo escribió. Deben responder en 60 días (45 CFR 164.526).`,
  entryMeanwhile:
    'Hasta que respondan, quien reciba esta entrada ve que usted la discute. No ve sus palabras. Nadie más que ese lugar puede cambiarla.',
  accessTitle: 'Este acceso estuvo mal',
  accessLead: (who) =>
    `Diga qué estuvo mal. Abre una queja en ${who}, cuyo personal debe examinarla (45 CFR 164.530(d)).`,
  complainElsewhere:
    'También puede quejarse ante la Oficina de Derechos Civiles en cualquier momento, sin pedir permiso a nadie.',
  place: '¿En qué lugar?',
  words: '¿Qué está mal?',
  wordsLead: 'Con sus palabras; hasta unas dos páginas.',
  wordsFault: 'Escriba algo, en 4.000 bytes de texto simple como máximo.',
  send: 'Firmar y enviar',
  sent: 'Ya está allí',
  sentLead: 'El lugar lo tiene y no puede negarlo: lo fijó en el registro. La respuesta llega a esta cartera.',
  lost: 'No llegó. Está firmado y guardado en esta cartera.',
  again: 'Enviar otra vez',
  listTitle: 'Lo que usted dijo que está mal',
  listNone: 'Nada todavía. Puede decirlo en cualquier entrada de su historial y en cualquier consulta.',
  kinds: { record: 'Una entrada', access: 'Un acceso' },
  states: {
    'on-its-way': 'En camino',
    open: 'Abierto',
    accepted: 'Usted tenía razón',
    denied: 'Lo mantienen',
  },
  due: (date) => `Deben responder antes del ${date}.`,
  you: 'Usted',
  they: 'Respondieron',
  bases: {
    'access-was-permitted': 'Dicen que el acceso estaba permitido.',
    'accurate-and-complete': 'Dicen que la entrada es exacta y completa.',
    'not-created-here': 'Dicen que no la escribieron: pregunte a quien lo hizo.',
    'not-in-the-record-set': 'Dicen que no forma parte de su historial.',
    'not-open-to-inspection': 'Dicen que es de una clase que la ley mantiene cerrada.',
  },
  accepted: 'La corregirán; la entrada corregida ocupará su lugar en su historial.',
  disagree: 'Sigo en desacuerdo',
  disagreeTitle: 'Su declaración de desacuerdo',
  disagreeLead:
    'Desde ahora acompaña a esta entrada, junto a la negativa, ante todo el que la reciba (45 CFR 164.526(d)). Escriba lo que quiere que lean.',
  disagreed: 'Su declaración acompaña a esta entrada',
  disagreedUnheard: 'Su declaración está en camino',
  patientSays: 'El paciente dice',
  custodianSays: 'La fuente dice',
  disputedOpen: 'El paciente dice que esto está mal; la fuente aún no ha respondido.',
}
