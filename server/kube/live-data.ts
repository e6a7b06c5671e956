// Reads a ConfigMap or Secret whose values go into a rendering (Flux's substituteFrom and valuesFrom, Helm's own record).
import { hasCode } from '../core/errors.ts';
import { Hidden } from '../core/hidden.ts';
import { configResources } from '../core/object.ts';
import type { LiveData, RenderPorts } from '../core/rendering.ts';
import type { Client } from './client.ts';
import { configPath, readInputs } from './ingest-config.ts';
import type { ApiObject } from './reflector.ts';

/** Values as text, as kustomize and Helm take them. Throws `api-*`. */
export function createLiveData(client: Client): RenderPorts['live'] {
  return async ({ kind, namespace, name }, signal): Promise<LiveData | undefined> => {
    const path = configPath(kind, namespace, name);
    const place = { verb: 'get', resource: configResources[kind], subject: `${namespace}/${name}`, path } as const;
    try {
      const object = (await client.send({ ...place, signal })) as ApiObject;
      const texts = readInputs(kind, object).map(
        ({ dataKey, value }) => [dataKey, Buffer.from(value).toString('utf8')] as const,
      );
      return { resourceVersion: object.metadata.resourceVersion, data: new Hidden(new Map(texts)) };
    } catch (error) {
      if (hasCode(error, 'api-not-found')) return undefined;
      throw error;
    }
  };
}
