/** What pages say of values and of checks that may be due. Each line names its source; none speaks of the reader. */
import type { CheckName } from '../record/checks-due.ts'
import type { BandName } from '../record/meanings.ts'

export const englishMeanings = {
  bands: {
    'a1c-normal': 'below 5.7 %, which it calls normal',
    'a1c-prediabetes': '5.7 to 6.4 %, which it calls the range of prediabetes',
    'a1c-diabetes': '6.5 % or more, which it calls the range of diabetes',
    'bmi-underweight': 'below 18.5, which it calls underweight',
    'bmi-healthy': '18.5 to 24.9, which it calls healthy weight',
    'bmi-overweight': '25 to 29.9, which it calls overweight',
    'bmi-obesity': '30 or more, which it calls obesity',
    'cholesterol-desirable': 'below 200, which it calls desirable',
    'cholesterol-borderline': '200 to 239, which it calls borderline high',
    'cholesterol-high': '240 or more, which it calls high',
  } satisfies Record<BandName, string>,
  says: (name: string, date: string, band: string): string =>
    `${name} (${date}) puts this value at ${band}. One value is no diagnosis: ask your clinician what it means for you.`,
  dueTitle: 'What may be due',
  dueLead:
    'Held against what the U.S. Preventive Services Task Force recommends to people of an age. It knows nothing of your risks, and this record may be incomplete: ask your clinician whether one is for you.',
  checks: {
    'colorectal-cancer':
      'A check for bowel cancer (ages 45 to 75; by colonoscopy every 10 years, or by a stool test every year)',
    'breast-cancer': 'A mammogram (women of ages 40 to 74; every 2 years)',
    'blood-pressure': 'Blood pressure (from age 40 on, every year)',
    'hepatitis-c': 'A test for hepatitis C (ages 18 to 79; once)',
  } satisfies Record<CheckName, string>,
  shown: (date: string): string => `In this record: ${date}`,
  long: (date: string): string => `Last in this record: ${date}`,
  never: 'None in this record',
  source: (name: string, date: string): string => `${name}, ${date}`,
}

export const spanishMeanings: typeof englishMeanings = {
  bands: {
    'a1c-normal': 'menos de 5,7 %, que llama normal',
    'a1c-prediabetes': 'de 5,7 a 6,4 %, que llama el rango de la prediabetes',
    'a1c-diabetes': '6,5 % o más, que llama el rango de la diabetes',
    'bmi-underweight': 'menos de 18,5, que llama bajo peso',
    'bmi-healthy': 'de 18,5 a 24,9, que llama peso saludable',
    'bmi-overweight': 'de 25 a 29,9, que llama sobrepeso',
    'bmi-obesity': '30 o más, que llama obesidad',
    'cholesterol-desirable': 'menos de 200, que llama deseable',
    'cholesterol-borderline': 'de 200 a 239, que llama casi alto',
    'cholesterol-high': '240 o más, que llama alto',
  },
  says: (name, date, band) =>
    `${name} (${date}) sitúa este valor en ${band}. Un valor no es un diagnóstico: pregunte a su médico qué significa para usted.`,
  dueTitle: 'Lo que puede tocar',
  dueLead:
    'Comparado con lo que el U.S. Preventive Services Task Force recomienda según la edad. No sabe nada de sus riesgos, y este historial puede estar incompleto: pregunte a su médico si es para usted.',
  checks: {
    'colorectal-cancer':
      'Una prueba de cáncer de intestino (de 45 a 75 años; colonoscopia cada 10 años o prueba de heces cada año)',
    'breast-cancer': 'Una mamografía (mujeres de 40 a 74 años; cada 2 años)',
    'blood-pressure': 'Presión arterial (desde los 40 años, cada año)',
    'hepatitis-c': 'Una prueba de hepatitis C (de 18 a 79 años; una vez)',
  },
  shown: (date) => `En este historial: ${date}`,
  long: (date) => `La última en este historial: ${date}`,
  never: 'Ninguna en este historial',
  source: (name, date) => `${name}, ${date}`,
}
