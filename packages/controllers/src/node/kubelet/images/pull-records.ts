import type { ImageAuth, NodeFiles } from '@orrery/runtimes';
import type { PullCredential, PullSecret } from './pull-credentials.ts';

/** Where the kubelet records which credentials it pulled with, and what it is pulling. */
const pulledFolder = '/var/lib/kubelet/image_manager/pulled';
const pullingFolder = '/var/lib/kubelet/image_manager/pulling';

/** How an image came to the node. */
interface PullRecord {
  readonly imageRef: string;
  /** It was pulled without credentials: every Pod may use it. */
  readonly nodePodsAccessible: boolean;
  /** The Secrets that it was pulled with. */
  readonly kubernetesSecrets: readonly PullSecret[];
}

/**
 * Which images the kubelet pulled, and with whose credentials: a Pod may use a private image that is on the node only if it
 * has credentials for it too (Kubernetes "Ensure image pull credential verification", KEP-2535, with the policy
 * `NeverVerifyPreloadedImages`). Records outlive the kubelet, on the node's disk, and hold no credentials; those that this
 * kubelet has seen to be good are remembered besides.
 */
export class PullRecords {
  readonly #files: NodeFiles;
  readonly #records = new Map<string, PullRecord>();
  readonly #good = new Map<string, ImageAuth[]>();

  constructor(files: NodeFiles) {
    this.#files = files;
  }

  /** Records that an image is about to be pulled: if the kubelet dies before it has recorded how, no Pod may use it unchecked. */
  begin(ref: string): void {
    this.#write(pullingFolder, ref, ref);
  }

  /** The pull is over, and its result is recorded. */
  end(ref: string): void {
    this.#files.remove(`${pullingFolder}/${fileName(ref)}`);
  }

  /** Whether every Pod may use an image of that name: it was there before the kubelet, or needed no credentials. */
  isOpen(ref: string, imageRef: string): boolean {
    const record = this.#read(imageRef);
    if (record !== undefined) return record.nodePodsAccessible;
    return this.#files.stat(`${pullingFolder}/${fileName(ref)}`) === undefined;
  }

  /** Whether a Pod with these credentials may use the image without asking the registry. */
  knows(imageRef: string, credentials: readonly PullCredential[]): boolean {
    const secrets = this.#read(imageRef)?.kubernetesSecrets ?? [];
    const good = this.#good.get(imageRef) ?? [];
    return credentials.some(
      ({ auth, secret }) =>
        secrets.some((known) => sameSecret(known, secret)) ||
        good.some(({ username, password }) => auth.username === username && auth.password === password),
    );
  }

  /** Records a pull that succeeded; without a credential it needed none. */
  pulled(imageRef: string, credential: PullCredential | undefined): void {
    const record = this.#read(imageRef);
    const secrets = record?.kubernetesSecrets ?? [];
    const isOpen = record?.nodePodsAccessible === true || credential === undefined;
    if (credential !== undefined) this.#remember(imageRef, credential.auth);
    const known = credential === undefined || secrets.some((secret) => sameSecret(secret, credential.secret));
    if (record !== undefined && known && isOpen === record.nodePodsAccessible) return;
    const next = {
      imageRef,
      nodePodsAccessible: isOpen,
      kubernetesSecrets: known ? secrets : [...secrets, credential.secret],
    };
    this.#records.set(imageRef, next);
    this.#write(pulledFolder, imageRef, JSON.stringify(next));
  }

  /** In one step, so that a kubelet that dies leaves no half-written record. */
  #write(folder: string, name: string, text: string): void {
    const path = `${folder}/${fileName(name)}`;
    this.#files.mkdir(folder, { mode: 0o700 });
    this.#files.writeFile(`${path}.new`, text, { mode: 0o600 });
    this.#files.rename(`${path}.new`, path);
  }

  #remember(imageRef: string, auth: ImageAuth): void {
    const good = this.#good.get(imageRef) ?? [];
    if (good.some(({ username, password }) => auth.username === username && auth.password === password)) return;
    this.#good.set(imageRef, [...good, auth]);
  }

  #read(imageRef: string): PullRecord | undefined {
    const known = this.#records.get(imageRef);
    if (known !== undefined) return known;
    const path = `${pulledFolder}/${fileName(imageRef)}`;
    if (this.#files.stat(path)?.type !== 'file') return undefined;
    const record = JSON.parse(new TextDecoder().decode(this.#files.readFile(path))) as PullRecord;
    this.#records.set(imageRef, record);
    return record;
  }
}

function sameSecret(one: PullSecret, other: PullSecret): boolean {
  return one.uid === other.uid && one.name === other.name && one.namespace === other.namespace;
}

function fileName(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '-');
}
