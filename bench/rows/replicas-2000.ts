import { replicasRow } from '../replicas.ts';
import { atMost } from '../row.ts';

export default replicasRow({ replicas: 2_000, nodes: 200, goal: atMost(1) });
