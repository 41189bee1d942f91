import { replicasRow } from '../replicas.ts';
import { atMost } from '../row.ts';

export default replicasRow({ replicas: 5_000, nodes: 500, goal: atMost(2) });
