// Mistakes that §2 invites, each planted around the server's function by altering what it is asked or what it answers.
import { parseBool, shouldReload } from '../../server/core/reload.ts';
import { defaultReloadKeys, defaultReloadRules } from '../../server/core/reloader-keys.ts';
import type { Decide } from './differential-decision.ts';

type Question = Parameters<Decide>[0];
type Texts = Readonly<Record<string, string>>;
type Alter = (question: Question) => Question;

const asking =
  (alter: Alter): Decide =>
  (question) =>
    shouldReload(alter(question));

/** Alters the annotations of the workload and of its pod template. */
const reading = (alter: (annotations: Texts, question: Question) => Texts): Decide =>
  asking((question) => {
    const { workload } = question;
    const [annotations, templateAnnotations] = [workload.annotations, workload.templateAnnotations].map((texts) =>
      alter(texts, question),
    );
    return { ...question, workload: { ...workload, annotations, templateAnnotations } as Question['workload'] };
  });

const onWorkload = (alter: (question: Question) => Texts): Decide =>
  asking((question) => ({ ...question, workload: { ...question.workload, annotations: alter(question) } }));

const withRules = (alter: (question: Question) => Partial<Question['rules']>): Decide =>
  asking((question) => ({ ...question, rules: { ...question.rules, ...alter(question) } }));

const named = ({ rules, config }: Question): string => rules.keys.named[config.kind];
const exclude = ({ rules, config }: Question): string => rules.keys.exclude[config.kind];

/** Alters one value, if it is there. */
function edit(texts: Texts, key: string, alter: (value: string) => string): Texts {
  const value = texts[key];
  return value === undefined ? texts : { ...texts, [key]: alter(value) };
}

const eachPart = (alter: (part: string) => string) => (value: string) => value.split(',').map(alter).join(',');
const keep = (texts: Texts, isKept: (value: string) => boolean): Texts =>
  Object.fromEntries(Object.entries(texts).filter(([, value]) => isKept(value)));

export const mutants: Readonly<Record<string, Decide>> = {
  'pattern grouped: ^(?:a|b)$': reading((texts, question) =>
    edit(
      texts,
      named(question),
      eachPart((part) => `(?:${part.trim()})`),
    ),
  ),
  'pattern not anchored': reading((texts, question) =>
    edit(
      texts,
      named(question),
      eachPart((part) => `.*${part.trim()}.*`),
    ),
  ),
  'pattern by JavaScript': (question) => {
    const value = question.workload.annotations[named(question)];
    const decision = shouldReload(question);
    if (decision.kind === 'no' || decision.how !== 'named' || value === undefined) return decision;
    const isFound = value.split(',').some((part) => finds(`^${part.trim()}$`, question.config.name));
    return isFound ? decision : { kind: 'no', reason: 'not-named' };
  },
  'one bad pattern spoils its list': reading((texts, question) =>
    edit(texts, named(question), (value) => (value.split(',').some((part) => !compiles(part)) ? '(' : value)),
  ),
  'search before named': (question) => {
    const { workload } = question;
    const silence = (texts: Texts): Texts => edit(texts, named(question), () => '');
    const [annotations, templateAnnotations] = [silence(workload.annotations), silence(workload.templateAnnotations)];
    const without = shouldReload({ ...question, workload: { ...workload, annotations, templateAnnotations } });
    return without.kind === 'yes' && without.how === 'search' ? without : shouldReload(question);
  },
  'typed auto ignored': reading((texts, { rules, config }) => edit(texts, rules.keys.typedAuto[config.kind], () => '')),
  'typed auto of every kind counts': reading((texts, { rules, config }) => {
    const values = Object.values(rules.keys.typedAuto).flatMap((key) => texts[key] ?? []);
    return values.includes('true') ? { ...texts, [rules.keys.typedAuto[config.kind]]: 'true' } : texts;
  }),
  'auto false turns off typed auto': reading((texts, { rules, config }) =>
    (texts[rules.keys.auto] ?? '') !== '' && parseBool(texts[rules.keys.auto] ?? '') !== true
      ? edit(texts, rules.keys.typedAuto[config.kind], () => 'false')
      : texts,
  ),
  'auto only by the text true': reading((texts, { rules, config }) =>
    edit(edit(texts, rules.keys.auto, onlyTrue), rules.keys.typedAuto[config.kind], onlyTrue),
  ),
  'auto in any letter case': reading((texts, { rules }) =>
    edit(texts, rules.keys.auto, (value) => value.toLowerCase()),
  ),
  'search by ParseBool': reading((texts, { rules }) =>
    edit(texts, rules.keys.search, (value) => (['1', 'True'].includes(value) ? 'true' : value)),
  ),
  'ignore by presence': asking((question) => {
    const annotations = edit(question.config.annotations, question.rules.keys.ignore, () => 'true');
    return { ...question, config: { ...question.config, annotations } };
  }),
  'presence by value': onWorkload(({ workload }) => keep(workload.annotations, (value) => value !== '')),
  'presence by any named annotation': onWorkload(({ workload: { annotations }, rules, config }) => {
    const isPresent = Object.values(rules.keys.named).some((key) => key in annotations);
    return isPresent ? { [rules.keys.named[config.kind]]: '', ...annotations } : annotations;
  }),
  'template merged into workload': onWorkload(({ workload }) => ({
    ...workload.templateAnnotations,
    ...workload.annotations,
  })),
  'template never read': asking((question) => ({
    ...question,
    workload: { ...question.workload, templateAnnotations: {} },
  })),
  'exclude of the template': onWorkload((question) => {
    const { annotations, templateAnnotations } = question.workload;
    const value = templateAnnotations[exclude(question)];
    return value === undefined ? annotations : { [exclude(question)]: value, ...annotations };
  }),
  'exclude by presence': onWorkload((question) =>
    edit(question.workload.annotations, exclude(question), () => question.config.name),
  ),
  'exclude behind named': (question) => {
    const { workload } = question;
    const annotations = edit(workload.annotations, exclude(question), () => '');
    const without = shouldReload({ ...question, workload: { ...workload, annotations } });
    return without.kind === 'yes' && without.how === 'named' ? without : shouldReload(question);
  },
  // U+FEFF is what Go never trims.
  'trim missing': reading((texts, question) =>
    edit(texts, named(question), (value) => value.replace(/\p{White_Space}/gu, '\ufeff')),
  ),
  'trim by JavaScript': onWorkload((question) =>
    edit(
      question.workload.annotations,
      exclude(question),
      eachPart((part) => part.trim()),
    ),
  ),
  'auto-reload-all although auto is false': reading((texts, { rules }) =>
    rules.autoReloadAll ? edit(texts, rules.keys.auto, (value) => (parseBool(value) === true ? value : '')) : texts,
  ),
  'renamed keys ignored': withRules(() => ({ keys: defaultReloadKeys })),
  'renamed key of SecretProviderClass': withRules(({ rules: { keys }, config: { kind } }) =>
    kind === 'SecretProviderClass'
      ? { keys: { ...keys, typedAuto: { ...keys.typedAuto, [kind]: keys.typedAuto.Secret } } }
      : {},
  ),
  'flags ignored': asking((question) => ({
    ...question,
    rules: { ...defaultReloadRules, keys: question.rules.keys },
  })),
  'jobs means CronJobs too': withRules(({ rules: { ignoredWorkloadTypes } }) =>
    ignoredWorkloadTypes.includes('jobs') ? { ignoredWorkloadTypes: ['jobs', 'cronjobs'] } : {},
  ),
};

function onlyTrue(value: string): string {
  return value === 'true' || value === '' ? value : 'false';
}

function compiles(part: string): boolean {
  try {
    return new RegExp(`^${part}$`) instanceof RegExp;
  } catch {
    return false;
  }
}

function finds(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return false;
  }
}
