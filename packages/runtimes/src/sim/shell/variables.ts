/** A shell variable. Arrays are maps from subscript to value. */
export interface Variable {
  value: string | Map<string, string> | undefined;
  /** Subscripts are texts, not numbers (`declare -A`). */
  associative?: boolean;
  exported?: boolean;
  readonly?: boolean;
  /** Assigned values are arithmetic (`declare -i`). */
  integer?: boolean;
}

/** Assignment to something that must not change. */
export class ReadonlyError extends Error {
  override readonly name = 'ReadonlyError';
  readonly variable: string;

  constructor(variable: string) {
    super(`${variable}: is read only`);
    this.variable = variable;
  }
}

/** The variables of one shell, with the local ones of its functions on top. */
export class Variables {
  readonly #global: Map<string, Variable>;
  readonly #locals: Map<string, Variable | undefined>[] = [];

  constructor(variables: Map<string, Variable> = new Map()) {
    this.#global = variables;
  }

  /** A copy for a subshell. */
  copy(): Variables {
    const copies = new Map<string, Variable>();
    for (const [name, variable] of this.#global) {
      const { value } = variable;
      copies.set(name, { ...variable, value: value instanceof Map ? new Map(value) : value });
    }
    return new Variables(copies);
  }

  find(name: string): Variable | undefined {
    return this.#global.get(name);
  }

  /** Returns the variable, creating it if needed. */
  of(name: string): Variable {
    let variable = this.#global.get(name);
    if (variable === undefined) {
      variable = { value: undefined };
      this.#global.set(name, variable);
    }
    return variable;
  }

  /** The value; element 0 of an array. */
  get(name: string, index?: string): string | undefined {
    const value = this.#global.get(name)?.value;
    if (value instanceof Map) return value.get(index ?? '0');
    return index === undefined || index === '0' ? value : undefined;
  }

  /** All elements, in order; a plain variable has one. */
  elements(name: string): readonly (readonly [string, string])[] {
    const variable = this.#global.get(name);
    const value = variable?.value;
    if (value === undefined) return [];
    if (typeof value === 'string') return [['0', value]];
    return variable?.associative ? [...value] : [...value].sort(([one], [other]) => Number(one) - Number(other));
  }

  /** @throws ReadonlyError */
  set(name: string, value: string, index?: string): void {
    const variable = this.of(name);
    if (variable.readonly) throw new ReadonlyError(name);
    if (variable.value instanceof Map) variable.value.set(index ?? '0', value);
    else if (index === undefined) variable.value = value;
    else {
      const elements = new Map<string, string>();
      if (variable.value !== undefined) elements.set('0', variable.value);
      variable.value = elements.set(index, value);
    }
  }

  /** @throws ReadonlyError */
  setElements(name: string, elements: Map<string, string>): void {
    const variable = this.of(name);
    if (variable.readonly) throw new ReadonlyError(name);
    variable.value = elements;
  }

  /** @throws ReadonlyError */
  unset(name: string, index?: string): void {
    const variable = this.#global.get(name);
    if (variable === undefined) return;
    if (variable.readonly) throw new ReadonlyError(name);
    if (index !== undefined && variable.value instanceof Map) variable.value.delete(index);
    else this.#global.delete(name);
  }

  names(): readonly string[] {
    return [...this.#global.keys()].sort();
  }

  enterFunction(): void {
    this.#locals.push(new Map());
  }

  leaveFunction(): void {
    const shadowed = this.#locals.pop();
    if (shadowed === undefined) return;
    for (const [name, variable] of shadowed) {
      if (variable === undefined) this.#global.delete(name);
      else this.#global.set(name, variable);
    }
  }

  /** Makes a name local to the running function; false outside of one. */
  local(name: string): boolean {
    const shadowed = this.#locals[this.#locals.length - 1];
    if (shadowed === undefined) return false;
    if (shadowed.has(name)) return true;
    const outer = this.#global.get(name);
    shadowed.set(name, outer);
    this.#global.set(name, { value: undefined, ...(outer?.exported ? { exported: true } : {}) });
    return true;
  }

  /** What child processes get. */
  environment(): Map<string, string> {
    const environment = new Map<string, string>();
    for (const [name, { value, exported }] of this.#global) {
      if (exported && typeof value === 'string') environment.set(name, value);
    }
    return environment;
  }

  /** Characters held by all values. */
  size(): number {
    let size = 0;
    for (const { value } of this.#global.values()) {
      if (typeof value === 'string') size += value.length;
      else if (value !== undefined) for (const element of value.values()) size += element.length;
    }
    return size;
  }
}
