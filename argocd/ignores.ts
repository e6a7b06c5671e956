// Which parts of Secrets and ConfigMaps Argo CD is told not to compare: an Application's spec.ignoreDifferences, and argocd-cm for all of
// them (argo-cd util/argo/normalizers/diff_normalizer.go, util/argo/diff/ignore.go).
import { everything, isData, joinParts, nothing, partAt, readPointer } from '../server/core/leave-rule.ts';
import type { LeaveRule, LeftParts } from '../server/core/leave-rule.ts';
import { readMap } from '../server/declared/map.ts';
import { matchesGlob } from './glob.ts';
import { Problems, Section } from './section.ts';
import type { SyncPolicy } from './sync-policy.ts';

type Kind = NonNullable<LeaveRule['kind']>;
const kinds: readonly Kind[] = ['Secret', 'ConfigMap'];

/** Of an Application. */
export function readIgnores(spec: Section): readonly LeaveRule[] {
  return spec.sections('ignoreDifferences').flatMap((entry) => {
    const [group, kind] = [entry.text('group') ?? '', entry.text('kind') ?? ''];
    if (!matchesGlob(group, '')) return [];
    const [namespace, name] = [entry.text('namespace'), entry.text('name')];
    const place = { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
    const matched = kinds.filter((each) => matchesGlob(kind, each));
    return matched.flatMap((each) => ruleOf({ kind: each, ...place }, readParts(entry)));
  });
}

const setting = 'resource.customizations';

/** Of argocd-cm: one key for each kind, or all in one. What cannot be read there may be about anything. */
export function readSystemIgnores(data: ReadonlyMap<string, string>): readonly LeaveRule[] {
  const split = ['all', ...kinds].flatMap((word) => {
    const text = data.get(`${setting}.ignoreDifferences.${word}`);
    return text === undefined ? [] : systemRules(word === 'all' ? '*' : word, text);
  });
  return [...readTogether(data.get(setting)), ...split];
}

/** `<group>/<kind>`, of the core group `<kind>`; the ignored parts are YAML in YAML. */
function readTogether(text: string | undefined): readonly LeaveRule[] {
  if (text === undefined) return [];
  const reading = readMap(text);
  if (reading.kind !== 'map') return kinds.flatMap((kind) => ruleOf({ kind }, everything));
  const overrides = new Section(reading.map, '', new Problems());
  return Object.keys(reading.map).flatMap((key) => {
    const [group = '', kind] = key.includes('/') ? key.split('/') : ['', key];
    const ignored = overrides.section(key)?.text('ignoreDifferences');
    return kind === undefined || ignored === undefined || !matchesGlob(group, '') ? [] : systemRules(kind, ignored);
  });
}

function systemRules(pattern: string, text: string): readonly LeaveRule[] {
  const reading = readMap(text);
  const parts = reading.kind === 'map' ? readParts(new Section(reading.map, '', new Problems())) : everything;
  return kinds.filter((kind) => matchesGlob(pattern, kind)).flatMap((kind) => ruleOf({ kind }, parts));
}

/** Without the option a sync of an object writes all of it, whatever was not compared. */
export function toLeaves(
  ignores: readonly LeaveRule[],
  { options }: Pick<SyncPolicy, 'options'>,
): readonly LeaveRule[] {
  if (options.has('RespectIgnoreDifferences')) return ignores;
  return ignores.map((rule) => ({ ...rule, overwritten: true }));
}

function ruleOf(place: Pick<LeaveRule, 'kind' | 'namespace' | 'name'>, parts: LeftParts): readonly LeaveRule[] {
  return parts.keys.length === 0 && parts.fields.length === 0 ? [] : [{ ...place, ...parts }];
}

/** Which fields a manager owns is not known here, so that all may be its. */
function readParts(entry: Section): LeftParts {
  if (entry.texts('managedFieldsManagers').length > 0) return everything;
  const parts = [
    ...entry.alignedTexts('jsonPointers').map(readPointer),
    ...entry.texts('jqPathExpressions').map((text) => readExpression(text.trim())),
  ];
  return joinParts(parts);
}

/** `.data`, `.data.key`, `.data["key"]`, `.data[]?`; and paths that begin in another field and cannot leave it. Any other may be all. */
function readExpression(text: string): LeftParts {
  const [, field, rest] = /^\.([A-Za-z_]\w*)\??(.*)$/s.exec(text) ?? [];
  if (field === undefined || rest === undefined) return everything;
  if (!isData(field) && partAt(field, undefined) === nothing) return mayLeave.test(rest) ? everything : nothing;
  if (rest === '' || /^\[\]\??$/.test(rest)) return partAt(field, undefined);
  const [, plain, quoted, dotted] = /^(?:\.([A-Za-z_]\w*)|\.?\["([^"\\]*)"\]|\."([^"\\]*)")\??$/.exec(rest) ?? [];
  const key = plain ?? quoted ?? dotted;
  return key === undefined ? everything : partAt(field, key);
}

/** Another path beside it, an alternative, or a variable that may hold the whole. */
const mayLeave = /,|\/\/|\$/;
