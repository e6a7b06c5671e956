// What a rendering declares: its Secrets and ConfigMaps as digests, its workloads by their pod templates. Values end here.
import { createHmac } from 'node:crypto';
import { isMap, isSeq, type Document, type YAMLMap } from 'yaml';
import type { DeclaredConfig, DeclaredWorkload, Declaration } from '../core/declaration.ts';
import type { DigestKey } from '../core/digest.ts';
import { objectKey, workloadKinds, type WorkloadKind } from '../core/object.ts';
import type { RenderedText } from '../core/rendering.ts';
import { digestDeclared, type DataKind } from './content.ts';
import { composeDocument, objectMap, pairOf, readObject, splitDocuments, type DeclaredObject } from './read.ts';

export interface DeclarationReading {
  /** Put on namespaced objects that name none. */
  readonly namespace: string;
  readonly key: DigestKey;
  /** `unknown`: variables (`${name}`) stand in the manifests whose values are not known. */
  readonly variables: 'none' | 'unknown';
}

/** No document without one of these words says anything here. A List may hold any of them. */
const wanted = /Secret|ConfigMap|List|Deployment|StatefulSet|DaemonSet|Job|Rollout/;
/** A chart of CRDs alone has some hundreds. */
const documentsMost = 10_000;
/** Of texts to tell a person about. */
const problemsMost = 20;

/** Helm runs them, and Argo CD too: they come and go, and are not what is declared to stay. */
const hookAnnotations = ['helm.sh/hook', 'argocd.argoproj.io/hook'];

/** Never throws. Of an object that is declared twice, the last one counts, as with `kubectl apply` and Argo CD. */
export function readDeclaration(manifests: readonly RenderedText[], reading: DeclarationReading): Declaration {
  const configs = new Map<string, DeclaredConfig>();
  const workloads = new Map<string, DeclaredWorkload>();
  const problems: string[] = [];
  for (const { path, text } of manifests) {
    const report = (index: number, why: string): void => {
      if (problems.length < problemsMost) problems.push(`${path ?? 'rendered text'}, document ${index + 1}: ${why}`);
    };
    for (const [index, part] of splitDocuments(text.reveal()).entries()) {
      if (index >= documentsMost) report(index, 'too many documents');
      if (index >= documentsMost) break;
      if (!wanted.test(part.text)) continue;
      const composed = composeDocument(part.text);
      if (composed.kind === 'refused') report(index, composed.refusal);
      if (composed.kind !== 'document') continue;
      for (const found of listObjects(composed.document)) {
        const config = readConfig(found, path, reading);
        if (config !== undefined) configs.set(objectKey(config.ref), config);
        const workload = readWorkload(found, reading);
        if (workload === 'unreadable') report(index, 'its pod template cannot be read');
        else if (workload !== undefined) workloads.set(objectKey(workload.ref), workload);
      }
    }
  }
  return { configs, workloads, problems };
}

interface Found {
  readonly document: Document.Parsed;
  readonly item: number | undefined;
  readonly object: DeclaredObject;
}

function listObjects(document: Document.Parsed): Found[] {
  const root = objectMap(document, undefined);
  const items = root === undefined ? undefined : pairOf(root, 'items')?.value;
  const places = isSeq(items) ? items.items.map((_, item) => item) : [undefined];
  return places.flatMap((item): Found[] => {
    const object = readObject(document, item);
    return object === undefined || isHook(object) ? [] : [{ document, item, object }];
  });
}

function isHook({ annotations }: DeclaredObject): boolean {
  return hookAnnotations.some((name) => Object.hasOwn(annotations, name));
}

const dataKinds: Readonly<Record<string, { readonly group: RegExp; readonly as: DataKind }>> = {
  Secret: { group: /^v1$/, as: 'Secret' },
  ConfigMap: { group: /^v1$/, as: 'ConfigMap' },
  SealedSecret: { group: /^bitnami\.com\//, as: 'Secret' },
};

function readConfig(
  { document, item, object }: Found,
  path: string | undefined,
  { namespace, key, variables }: DeclarationReading,
): DeclaredConfig | undefined {
  const kind = Object.hasOwn(dataKinds, object.kind) ? dataKinds[object.kind] : undefined;
  if (kind === undefined || !kind.group.test(object.apiVersion)) return undefined;
  const ref = { kind: kind.as, namespace: object.namespace ?? namespace, name: object.name };
  return { ref, content: digestDeclared({ document, item, ref, variables }, key), path };
}

function readWorkload(
  { document, item, object }: Found,
  { namespace, key }: DeclarationReading,
): DeclaredWorkload | 'unreadable' | undefined {
  if (!Object.hasOwn(workloadKinds, object.kind)) return undefined;
  const kind = object.kind as WorkloadKind;
  const { group, template } = workloadKinds[kind];
  if (!object.apiVersion.startsWith(`${group}/`)) return undefined;
  const map = objectMap(document, item);
  const text = map === undefined ? undefined : canonicalText(document, nodeAt(map, template));
  if (text === undefined) return 'unreadable';
  const ref = { kind, namespace: object.namespace ?? namespace, name: object.name };
  return { ref, template: createHmac('sha256', key.secret).update(text).digest('base64url') };
}

function nodeAt(map: YAMLMap.Parsed, path: readonly string[]): YAMLMap.Parsed | undefined {
  let node: YAMLMap.Parsed | undefined = map;
  for (const name of path) {
    const value: unknown = node === undefined ? undefined : pairOf(node, name)?.value;
    node = isMap(value) ? (value as YAMLMap.Parsed) : undefined;
  }
  return node;
}

/** The same for every order of keys. Undefined: an alias that leads nowhere, or to too much. */
function canonicalText(document: Document.Parsed, node: YAMLMap.Parsed | undefined): string | undefined {
  try {
    return JSON.stringify(node?.toJS(document) ?? null, (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    );
  } catch {
    return undefined;
  }
}
