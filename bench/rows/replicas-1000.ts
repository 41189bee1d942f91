import { replicasRow } from '../replicas.ts';
import { atMost } from '../row.ts';

export default replicasRow({
  replicas: 1_000,
  nodes: 100,
  goal: atMost(0.5),
  anchor: { value: 13.4, source: 'Kubernetes 1.35.4 with raised QPS, kwok as its nodes; all Ready' },
});
