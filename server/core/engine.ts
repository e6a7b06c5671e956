export interface EngineRef {
  readonly engine: 'argocd' | 'flux';
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}
export interface DeclaredSource {
  readonly repository: string;
  readonly revision: string | undefined;
  readonly path: string | undefined;
  readonly renderer: 'plain' | 'kustomize' | 'helm' | 'auto' | 'unknown';
  readonly reason?: string;
}
export type Ownership =
  | { readonly kind: 'owned'; readonly owner: EngineRef; readonly by: string }
  | { readonly kind: 'unconfirmed'; readonly owner: EngineRef; readonly reason: string }
  | { readonly kind: 'not-owned' };
