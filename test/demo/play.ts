// After the story: how to go on by hand, and a line for whatever then happens.
import { secretName } from './cert-manager.ts';
import { namespace, type Stage } from './stage.ts';
import type { Cast } from './cast.ts';

export function invite({ screen, cluster, world }: Stage, { lockstep }: Cast): void {
  const patch = `-p "{\\"data\\":{\\"tls.key\\":\\"$(date | base64)\\"}}"`;
  screen.heading('Everything keeps running. In another terminal:');
  if (cluster.kubeconfig !== undefined) screen.text(`  export KUBECONFIG=${cluster.kubeconfig}\n`);
  screen.text(`  kubectl -n ${namespace} patch secret ${secretName} --type=merge ${patch}
  kubectl -n ${namespace} get deployments,replicasets,pods
  npm run -s lockstep -- pr list --repository ${world.bare}
  npm run -s lockstep -- pr merge 2 --repository ${world.bare}
  tail -f ${lockstep.logFile}

Ctrl-C stops it and removes everything.
`);
}

export function narrate({ screen, observer }: Stage, { lockstep }: Cast): void {
  observer.onTemplateChange(({ workload, fieldManager }) =>
    screen.step('API server', `${fieldManager} changed the pod template of ${workload.replace(`/${namespace}/`, ' ')}`),
  );
  lockstep.onLog(({ msg, action, pull }) => {
    if (msg === 'pull request written') screen.step('Lockstep', `pull request #${String(pull)}: ${String(action)}`);
  });
}
