import type { GroupVersionKind, Kind } from '../kind.ts';
import { kindModelName, listModelName, modelName, typeOf } from './model-names.ts';
import {
  common,
  deleteCollectionParameters,
  deleteParameters,
  listParameters,
  type Parameter,
  patchParameters,
  subresourceParameters,
  writeParameters,
} from './parameters.ts';

/** What can be asked at one path: OpenAPI's operation, before it is written for either version of OpenAPI. */
export interface Operation {
  readonly method: 'get' | 'put' | 'post' | 'delete' | 'patch';
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  /** `x-kubernetes-action`. */
  readonly action: string;
  readonly kind?: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly model: string; readonly required: boolean; readonly contentTypes: readonly string[] };
  /** OpenAPI name of what is answered, or `string` for text. */
  readonly answer: string;
  readonly codes: readonly number[];
}

export interface PathItem {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

const deleteOptionsModel = modelName('meta.v1.DeleteOptions');
const statusModel = modelName('meta.v1.Status');
const patchModel = modelName('meta.v1.Patch');
const resourceListModel = modelName('meta.v1.APIResourceList');

const anyType = ['*/*'];
const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** `/api/v1` or `/apis/GROUP/VERSION`. */
function basePath({ group, version }: { group: string; version: string }): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** All paths of the kinds of one group version. */
export function pathItems(group: string, version: string, kinds: readonly Kind[]): readonly PathItem[] {
  const names = new OperationNames(group, version);
  const discovery: PathItem = {
    path: `${basePath({ group, version })}/`,
    parameters: [],
    operations: [
      {
        method: 'get',
        id: `get${names.infix}APIResources`,
        tag: names.tag,
        description: 'get available resources',
        action: '',
        parameters: [],
        answer: resourceListModel,
        codes: [200],
      },
    ],
  };
  return [discovery, ...kinds.flatMap((kind) => kindPaths(kind, names))];
}

class OperationNames {
  /** `CoreV1`. */
  readonly infix: string;
  /** `core_v1`. */
  readonly tag: string;

  constructor(group: string, version: string) {
    const words = (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split(/[.-]/).map(capitalized);
    const joined = words.join('');
    this.infix = `${joined}${capitalized(version)}`;
    this.tag = `${joined.charAt(0).toLowerCase()}${joined.slice(1)}_${version}`;
  }
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function kindPaths(kind: Kind, names: OperationNames): PathItem[] {
  const base = basePath(kind);
  const scope = kind.namespaced ? `${base}/namespaces/{namespace}` : base;
  const place = kind.namespaced ? [common.namespace] : [];
  const infix = `${kind.namespaced ? 'Namespaced' : ''}${kind.kind}`;
  const maker = new OperationMaker(kind, names);
  const named = [common.name(kind.kind), ...place, common.pretty];
  const items: PathItem[] = [
    {
      path: `${scope}/${kind.resource}`,
      parameters: [...place, common.pretty],
      operations: maker.collection(infix),
    },
    { path: `${scope}/${kind.resource}/{name}`, parameters: named, operations: maker.object(infix) },
  ];
  for (const subresource of Object.keys(kind.subresources).sort()) {
    const path = `${scope}/${kind.resource}/{name}/${subresource}`;
    const operations = maker.subresource(infix, subresource);
    items.push({ path, parameters: named, operations });
    if (subresource === 'proxy') {
      const passedOn = operations.map((operation) => ({ ...operation, id: `${operation.id}WithPath` }));
      items.push({ path: `${path}/{path}`, parameters: [...named, common.path], operations: passedOn });
    }
  }
  if (kind.namespaced && has(kind, 'list')) {
    const list = maker.list(`${kind.kind}ForAllNamespaces`);
    items.push({ path: `${base}/${kind.resource}`, parameters: [common.pretty], operations: [list] });
  }
  return items.filter(({ operations }) => operations.length > 0);
}

/** Whether a kind has a verb, which its table may call by HTTP's name or by Kubernetes'. */
function has(kind: { readonly verbs: readonly string[] }, verb: string): boolean {
  const other: { readonly [verb: string]: string } = { post: 'create', put: 'update' };
  return kind.verbs.includes(verb) || kind.verbs.includes(other[verb] ?? verb);
}

class OperationMaker {
  readonly #kind: Kind;
  readonly #names: OperationNames;
  readonly #model: string;

  constructor(kind: Kind, names: OperationNames) {
    this.#kind = kind;
    this.#names = names;
    this.#model = kindModelName(kind);
  }

  list(infix: string): Operation {
    return this.#operation('list', 'get', infix, `list or watch objects of kind ${this.#kind.kind}`, {
      action: 'list',
      parameters: listParameters,
      answer: listModelName(this.#kind),
    });
  }

  collection(infix: string): Operation[] {
    const kind = this.#kind;
    const operations: Operation[] = [];
    if (has(kind, 'list')) operations.push(this.list(infix));
    if (has(kind, 'post')) operations.push(this.#create('create', infix, this.#gvk(), this.#model));
    if (has(kind, 'deletecollection')) {
      operations.push(
        this.#operation('delete', 'delete', `Collection${infix}`, `delete collection of ${kind.kind}`, {
          action: 'deletecollection',
          parameters: deleteCollectionParameters,
          body: { model: deleteOptionsModel, required: false, contentTypes: anyType },
          answer: statusModel,
        }),
      );
    }
    return operations;
  }

  object(infix: string): Operation[] {
    const operations = this.#readAndChange(infix, this.#kind.verbs, this.#gvk(), this.#model);
    if (has(this.#kind, 'delete')) {
      operations.push(
        this.#operation('delete', 'delete', infix, `delete a ${this.#kind.kind}`, {
          parameters: deleteParameters,
          body: { model: deleteOptionsModel, required: false, contentTypes: anyType },
          answer: statusModel,
          codes: [200, 202],
        }),
      );
    }
    return operations;
  }

  subresource(infix: string, name: string): Operation[] {
    const { verbs, ...gvk } = this.#kind.subresources[name] as Kind['subresources'][string];
    const suffixed = `${infix}${capitalized(name)}`;
    if (verbs.includes('connect')) return this.#connections(suffixed, name, gvk);
    if (name === 'log') {
      const parameters = subresourceParameters.log ?? [];
      return [
        this.#operation('read', 'get', suffixed, `read log of the specified ${this.#kind.kind}`, {
          gvk,
          parameters,
          answer: 'string',
        }),
      ];
    }
    const own = gvk.kind === this.#kind.kind && gvk.group === this.#kind.group && gvk.version === this.#kind.version;
    const type = typeOf(gvk);
    const model = own ? this.#model : type === undefined ? this.#model : modelName(type);
    const operations = this.#readAndChange(suffixed, verbs, gvk, model);
    if (has({ verbs }, 'post')) operations.push(this.#create('create', suffixed, gvk, model));
    return operations;
  }

  #connections(infix: string, name: string, gvk: GroupVersionKind): Operation[] {
    const methods =
      name === 'proxy' ? (['get', 'put', 'post', 'delete', 'patch'] as const) : (['get', 'post'] as const);
    return methods.map((method) =>
      this.#operation(
        `connect${capitalized(method)}`,
        method,
        infix,
        `connect ${method.toUpperCase()} requests to ${name} of ${this.#kind.kind}`,
        {
          action: 'connect',
          gvk,
          parameters: subresourceParameters[name] ?? [],
          answer: 'string',
        },
      ),
    );
  }

  #readAndChange(infix: string, verbs: readonly string[], gvk: GroupVersionKind, model: string): Operation[] {
    const what = `the specified ${this.#kind.kind}`;
    const operations: Operation[] = [];
    if (has({ verbs }, 'get')) {
      operations.push(this.#operation('read', 'get', infix, `read ${what}`, { gvk, answer: model }));
    }
    if (has({ verbs }, 'put')) {
      operations.push(
        this.#operation('replace', 'put', infix, `replace ${what}`, {
          gvk,
          parameters: writeParameters,
          body: { model, required: true, contentTypes: anyType },
          answer: model,
          codes: [200, 201],
        }),
      );
    }
    if (has({ verbs }, 'patch')) {
      const contentTypes = this.#kind.custom ? patchTypes.slice(0, 3) : patchTypes;
      operations.push(
        this.#operation('patch', 'patch', infix, `partially update ${what}`, {
          gvk,
          parameters: patchParameters,
          body: { model: patchModel, required: true, contentTypes },
          answer: model,
          codes: [200, 201],
        }),
      );
    }
    return operations;
  }

  #create(verb: string, infix: string, gvk: GroupVersionKind, model: string): Operation {
    return this.#operation(verb, 'post', infix, `create a ${gvk.kind}`, {
      gvk,
      parameters: writeParameters,
      body: { model, required: true, contentTypes: anyType },
      answer: model,
      codes: [200, 201, 202],
    });
  }

  #gvk(): GroupVersionKind {
    return { group: this.#kind.group, version: this.#kind.version, kind: this.#kind.kind };
  }

  #operation(
    verb: string,
    method: Operation['method'],
    infix: string,
    description: string,
    details: {
      action?: string;
      gvk?: GroupVersionKind;
      parameters?: readonly Parameter[];
      body?: NonNullable<Operation['body']>;
      answer: string;
      codes?: readonly number[];
    },
  ): Operation {
    const { action = method, gvk = this.#gvk(), parameters = [], body, answer, codes = [200] } = details;
    return {
      method,
      id: `${verb}${this.#names.infix}${infix}`,
      tag: this.#names.tag,
      description,
      action,
      kind: gvk,
      parameters,
      ...(body === undefined ? {} : { body }),
      answer,
      codes,
    };
  }
}
