// What one case of the oracle is made of: plain values, spelled as Kubernetes and Reloader's flags spell them.

export type WorkloadKind = 'Deployment' | 'DaemonSet' | 'StatefulSet' | 'CronJob' | 'Job' | 'Rollout';
export type ConfigKind = 'ConfigMap' | 'Secret' | 'SecretProviderClass';
export type Annotations = Readonly<Record<string, string>>;

/** The flags of §1 that take part in a decision, under camel-cased names. */
export interface Flags {
  readonly autoReloadAll: boolean;
  readonly configmapAnnotation: string;
  readonly secretAnnotation: string;
  readonly autoAnnotation: string;
  readonly configmapAutoAnnotation: string;
  readonly secretAutoAnnotation: string;
  readonly ignoreAnnotation: string;
  readonly autoSearchAnnotation: string;
  readonly searchMatchAnnotation: string;
  /** None or one: two values stop Reloader at its start. */
  readonly resourcesToIgnore: readonly string[];
  readonly ignoredWorkloadTypes: readonly string[];
  /** Text, not a boolean: only `true` itself enables. The same for the next two. */
  readonly isArgoRollouts: string;
  readonly reloadOnCreate: string;
  readonly reloadOnDelete: string;
  readonly reloadStrategy: 'env-vars' | 'annotations';
  readonly enableCsiIntegration: boolean;
}

interface NameRef {
  readonly name: string;
  readonly optional?: boolean;
}

export interface Volume {
  readonly name: string;
  readonly configMap?: NameRef;
  readonly secret?: { readonly secretName: string; readonly optional?: boolean };
  readonly projected?: { readonly sources: readonly { readonly configMap?: NameRef; readonly secret?: NameRef }[] };
  readonly csi?: {
    readonly driver: string;
    readonly volumeAttributes?: Readonly<Record<string, string>>;
    readonly nodePublishSecretRef?: NameRef;
  };
  readonly azureFile?: { readonly secretName: string; readonly shareName: string };
  readonly emptyDir?: Readonly<Record<string, never>>;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly configMapKeyRef?: NameRef & { readonly key: string };
    readonly secretKeyRef?: NameRef & { readonly key: string };
  };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { readonly configMapRef?: NameRef; readonly secretRef?: NameRef }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly restartPolicy?: 'Always';
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly imagePullSecrets?: readonly { readonly name: string }[];
}

export interface Workload {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly namespace: string;
  readonly annotations: Annotations;
  readonly templateAnnotations: Annotations;
  readonly podSpec: PodSpec;
}

/** For a SecretProviderClass: the class itself, not the status object that changed. */
export interface ConfigObject {
  readonly kind: ConfigKind;
  readonly name: string;
  readonly namespace: string;
  readonly annotations: Annotations;
}

/** Binary values are base64, as the API server writes them. */
export type Content =
  | {
      readonly kind: 'ConfigMap';
      readonly data: Readonly<Record<string, string>>;
      readonly binaryData: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'Secret'; readonly data: Readonly<Record<string, string>> }
  | {
      readonly kind: 'SecretProviderClass';
      readonly className: string;
      readonly objects: readonly { readonly id: string; readonly version: string }[];
    };

export type Change =
  | { readonly action: 'create'; readonly after: Content }
  | { readonly action: 'update'; readonly before: Content; readonly after: Content }
  | { readonly action: 'delete'; readonly before: Content };

export interface ReloaderCase {
  readonly flags: Flags;
  readonly workload: Workload;
  readonly config: ConfigObject;
  readonly change: Change;
}
