import { replicasRow } from '../replicas.ts';
import { atMost } from '../row.ts';

export default replicasRow({
  replicas: 10_000,
  nodes: 1_000,
  goal: atMost(3),
  anchor: { value: 60, source: "kwok's own gate for 10,000 Pods, without a scheduler" },
  compared: true,
});
