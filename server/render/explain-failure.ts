// Why a tool failed, in a sentence of ours: its own words can hold values.
import { Refused } from './refused.ts';
import type { ToolEnd } from './run-tool.ts';

/** Meanings of what kustomize and helm print, the first that fits. */
const meanings: readonly (readonly [RegExp, string])[] = [
  [/security; file .* is not in or below/s, 'a kustomization names a file outside its own folder'],
  [/cycle/i, 'kustomizations name each other in a circle'],
  [
    /no matches for Id|failed to find unique target|no resource matches|unable to find.*target/i,
    'a patch has no target',
  ],
  [/may not add resource with an already registered id/i, 'the same object is there twice'],
  [
    /nil pointer evaluating|error calling (?:required|fail)|execution error at/i,
    'a template of the chart fails with these values',
  ],
  [/values don't meet the specifications of the schema/i, 'the values do not fit the chart’s schema'],
  [/parse error at|function ".*" not defined|can't evaluate field|error calling/i, 'a template of the chart is broken'],
  [/chart requires kubeVersion/i, 'the chart is for another version of Kubernetes'],
  [/found in Chart\.yaml, but missing in charts/i, 'a dependency is missing in charts/'],
  [/invalid release name|release name .* is invalid/i, 'the release’s name is not acceptable'],
  [
    /error converting YAML|yaml: |MalformedYAML|error unmarshaling|cannot unmarshal|json: /i,
    'something is no valid YAML, or not of the form that is expected',
  ],
  [/no such file or directory|not found/i, 'a file is missing'],
  [/cannot allocate memory|out of memory/i, 'it needs more memory than it is given'],
];

export function explainFailure(name: string, { code, stderr }: ToolEnd): Refused {
  const meaning = meanings.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'its reason is not one that is known here';
  return new Refused(`${name} ended with ${code}: ${meaning}`);
}
