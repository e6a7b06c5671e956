// Reduces objects to what `lockstep report` judges: writers and times of data, dates of certificates, what containers use
// and since when. Values end here, as they do in ingest-config.ts.
import { X509Certificate } from 'node:crypto';
import type { Annotations } from '../core/annotations.ts';
import type { ValueInput } from '../core/digest.ts';
import type { ConfigKind, WorkloadKind } from '../core/object.ts';
import { certificateKey } from '../core/report-certificates.ts';
import type { CertificateDates, DataWrite, ReportedConfig, ReportedWorkload } from '../core/report-facts.ts';
import type { ReloaderPodSpec } from '../core/reloader-references.ts';
import { hashContent } from '../core/reloader-hash.ts';
import { parseConfig, readInputs } from './ingest-config.ts';
import type { Reading } from './ingest.ts';
import type { ApiObject } from './reflector.ts';
import { templateOf } from './workload-body.ts';

interface ConfigBody {
  readonly metadata: {
    readonly annotations?: Annotations;
    readonly managedFields?: readonly FieldsEntry[];
  };
}
interface FieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly time?: string;
  readonly fieldsV1?: Readonly<Record<string, object>>;
}

/** `judged`: the keys of the annotations to keep. */
export function parseReportedConfig(
  kind: ConfigKind,
  object: ApiObject,
  { judged, ...reading }: Reading & { readonly judged: readonly string[] },
): ReportedConfig {
  const { metadata } = object as unknown as ConfigBody;
  const inputs = readInputs(kind, object);
  return {
    seen: parseConfig(kind, object, reading).value,
    annotations: pickAnnotations(metadata.annotations ?? {}, judged),
    writes: (metadata.managedFields ?? []).flatMap(parseWrite),
    reloaderHash: hashContent(inputs),
    certificate: kind === 'Secret' ? readCertificate(inputs) : undefined,
  };
}

function pickAnnotations(annotations: Annotations, keys: readonly string[]): Annotations {
  return Object.fromEntries(
    keys.flatMap((key) => (Object.hasOwn(annotations, key) ? [[key, annotations[key] ?? '']] : [])),
  );
}

/** What is not in parseExplained. */
export function parseTemplateFacts(
  kind: WorkloadKind,
  object: ApiObject,
  judged: readonly string[],
): Pick<ReportedWorkload, 'annotations' | 'templateAnnotations' | 'mountsClasses'> {
  const { metadata } = object as unknown as { readonly metadata: { readonly annotations?: Annotations } };
  const template = templateOf(kind, object);
  const { volumes = [] } = template.spec as ReloaderPodSpec;
  return {
    annotations: pickAnnotations(metadata.annotations ?? {}, judged),
    templateAnnotations: pickAnnotations(template.metadata?.annotations ?? {}, judged),
    mountsClasses: volumes.some(({ csi }) => csi?.volumeAttributes?.['secretProviderClass'] !== undefined),
  };
}

const dataFields = ['f:data', 'f:binaryData', 'f:stringData'];
/** Written at the creation, and never again. */
const fixedFields = ['f:type'];

function parseWrite({ manager = '', operation, time, fieldsV1 = {} }: FieldsEntry): DataWrite[] {
  const at = Date.parse(time ?? '');
  const owned = dataFields.flatMap((field) => Object.keys(fieldsV1[field] ?? {}));
  const keys = owned.flatMap((name) => (name.startsWith('f:') ? [name.slice('f:'.length)] : []));
  if (Number.isNaN(at) || owned.length === 0) return [];
  const isData = Object.keys(fieldsV1).every((field) => dataFields.includes(field) || fixedFields.includes(field));
  return [{ manager, at, keys, onlyData: operation === 'Update' && isData }];
}

/** Of the first certificate in the file, which is the server's own. */
function readCertificate(inputs: readonly ValueInput[]): CertificateDates | 'unreadable' | undefined {
  const found = inputs.find(({ dataKey }) => dataKey === certificateKey);
  // cert-manager and others create the Secret before its content.
  if (found === undefined || found.value.length === 0) return undefined;
  try {
    const { validFromDate, validToDate } = new X509Certificate(found.value);
    return { notBefore: validFromDate.getTime(), notAfter: validToDate.getTime() };
  } catch {
    // Without the parser's error, which may quote what it read.
    return 'unreadable';
  }
}
